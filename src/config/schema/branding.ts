import { z } from 'zod';
import { line, path } from './scalars.ts';

export const brandingSchema = z
  .strictObject({
    name: line(60, 'Name of the service, in headings and titles.').prefault('nats-sts'),
    logo: path(
      'Image beside it: SVG, PNG, WebP or JPEG, at most 256 KiB. Read again when it changes.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'How the pages for people present themselves.' });
