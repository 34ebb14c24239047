import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GENERATED } from '../../scripts/generate.ts';

const ROOT = join(import.meta.dirname, '../..');

test.for(['schema/sts.schema.json', 'docs/config.md', 'docs/presets.md'])(
  '%s says what the source says (npm run generate)',
  async (path) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(await GENERATED[path]?.());
  },
);

test('the JSON Schema lets any scalar be a reference, and knows the names of all sections', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'schema/sts.schema.json'), 'utf8'));
  expect(schema.properties.listen.properties.host.anyOf).toContainEqual({
    $ref: '#/definitions/reference',
  });
  expect(schema.required.toSorted()).toEqual(['accounts', 'bindings', 'issuers', 'roles']);
  expect(schema.additionalProperties).toBe(false);
});
