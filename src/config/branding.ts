import { resolve } from 'node:path';
import type { Branding } from './config.ts';
import type { Files } from './files.ts';
import type { LoadContext } from './load-context.ts';
import type { Settings } from './settings.ts';

const MAX_LOGO_BYTES = 256 * 1024;

/** Name and logo of the pages. A change of the logo file reloads the configuration. */
interface ReadBranding {
  readonly branding: Branding;
  readonly files: readonly string[];
}

export function readBranding({ branding }: Settings, context: LoadContext): ReadBranding {
  const { name, logo: written } = branding;
  if (written === undefined) return { branding: { name }, files: [] };
  const origin = context.origins.get('branding.logo');
  // `{file: path}` means the same: only its path is needed, not its text.
  const file = origin && 'file' in origin ? origin.file : resolve(context.directory, written);
  const logo = readLogo(file, context.files);
  if (!('reason' in logo)) return { branding: { name, logo }, files: [file] };
  context.findings.problem('branding.logo', `the file ${file} ${logo.reason}`);
  return { branding: { name }, files: [] };
}

function readLogo(
  file: string,
  files: Files,
): NonNullable<Branding['logo']> | { readonly reason: string } {
  const content = files.bytes(file, MAX_LOGO_BYTES);
  if (!Buffer.isBuffer(content)) return content;
  const contentType = contentTypeOf(content);
  return contentType === undefined
    ? { reason: 'is not an SVG, PNG, WebP or JPEG image' }
    : { contentType, content };
}

/** Judged by content, not by name: browsers must not guess the type (`nosniff`). */
function contentTypeOf(content: Buffer): string | undefined {
  const first = content.toString('latin1', 0, 12);
  if (first.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (first.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^RIFF[^]{4}WEBP$/.test(first)) return 'image/webp';
  return isSvg(content) ? 'image/svg+xml' : undefined;
}

function isSvg(content: Buffer): boolean {
  try {
    // The decoder removes a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return /^\s*(?:<\?xml\s[^]*)?<svg[\s>]/.test(text);
  } catch {
    return false;
  }
}
