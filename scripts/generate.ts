/**
 * Writes every file that is made from the source. With `--check`, writes nothing and exits 1 when
 * one of them is out of date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configReference } from './generate/config-reference.ts';
import { configJsonSchema } from './generate/json-schema.ts';
import { openapiYaml } from './generate/openapi.ts';
import { presetsPage } from './generate/presets-page.ts';

const ROOT = join(import.meta.dirname, '..');

/** Path from the root of the project → how its text is made. */
export const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'schema/sts.schema.json': configJsonSchema,
  'docs/config.md': configReference,
  'docs/presets.md': presetsPage,
  'openapi.yaml': openapiYaml,
};

/** Paths whose file differs from what the source says now. */
export async function outdated(): Promise<string[]> {
  const paths: string[] = [];
  for (const [path, make] of Object.entries(GENERATED)) {
    if (current(path) !== (await make())) paths.push(path);
  }
  return paths;
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
}

async function write(): Promise<void> {
  for (const [path, make] of Object.entries(GENERATED)) {
    const file = join(ROOT, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await make());
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const paths = await outdated();
    for (const path of paths) console.error(`${path} is out of date: run npm run generate`);
    process.exitCode = paths.length === 0 ? 0 : 1;
  } else {
    await write();
  }
}
