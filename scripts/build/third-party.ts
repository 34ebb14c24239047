import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of which something is in the bundle. */
interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly author: string;
  /** Its license and notices; empty where the package brings none. */
  readonly texts: readonly string[];
}

/** The packages that modules come from, by name. */
export function packagesIn(modules: readonly string[]): Bundled[] {
  const folders = new Set(
    modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []),
  );
  return [...folders].map(read).toSorted((a, b) => compare(key(a), key(b)));
}

const key = ({ name, version }: Bundled): string => `${name} ${version}`;
const compare = (a: string, b: string): number => (a < b ? -1 : 1);

function read(folder: string): Bundled {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license?: string; author?: string | { name: string } };
  if (license === undefined) throw new Error(`${folder}/package.json names no license`);
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const by = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`);
  return { name, version, license, author: by, texts };
}

/** What is in the bundle, as a document: `## NAME VERSION`, then its license. */
export function thirdParty(packages: readonly Bundled[]): string {
  const sections = packages.map(({ name, version, license, author, texts }) => {
    const lines =
      texts.length > 0 ? texts : [`Copyright ${author}. The package has no file with its license.`];
    return [`## ${name} ${version}`, `License: ${license}`, ...lines.map(quoted)].join('\n\n');
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const quoted = (text: string): string => text.replaceAll(/^/gm, '    ').replaceAll(/ +$/gm, '');

const INTRODUCTION = `# Third-party software in this package

The files beside this one contain code of these packages. LICENSE has the text of the Apache License 2.0.`;
