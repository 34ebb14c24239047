import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A document that people read, and whose content can become outdated. */
export interface Document {
  /** Relative to the root of the project. */
  readonly path: string;
  readonly text: string;
}

export const DOCUMENTS: readonly Document[] = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

export function document(path: string): Document {
  const found = DOCUMENTS.find((document) => document.path === path);
  if (found === undefined) throw new Error(`${path} does not exist`);
  return found;
}

/** The text without fences and `code`, because brackets in those are not links. */
function prose({ text }: Document): string {
  return text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
}

/** Targets of relative links that do not exist. */
export function deadLinks(document: Document): string[] {
  const links = [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(document, target));
}

function leadsSomewhere({ path }: Document, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const place = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(ROOT, place))) return false;
  return anchor === undefined || anchors(place).includes(anchor);
}

/** The anchors that GitHub makes from headings. */
function anchors(path: string): string[] {
  return [...document(path).text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Texts in `code` that look like a path of this project but do not exist. */
export function deadPaths({ text }: Document): string[] {
  const paths = [...text.matchAll(/`((?:src|test|docs|bench|demo|scripts|schema)\/[\w./-]+)`/g)];
  return paths.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)));
}

/** The YAML blocks marked as a whole configuration. */
export function wholeConfigs({ text }: Document): string[] {
  const blocks = text.matchAll(/<!-- whole-config -->\n```yaml\n([^]*?)^```/gm);
  return [...blocks].map(([, yaml = '']) => yaml);
}

/** One call of `nats-sts`, as a document shows it. */
export interface ShownCommand {
  readonly line: string;
  readonly command: string;
  readonly options: readonly string[];
}

/** Every `nats-sts …` in fences and `code`, up to the end of its command line. */
export function shownCommands({ text }: Document): ShownCommand[] {
  const fences = [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  const blocks = fences.filter(([, language = '']) => SHELL.has(language));
  const shell = blocks.map(([, , block = '']) => block.replaceAll('\\\n', ' ')).join('\n');
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '');
  const spans = [...prose.matchAll(/`(nats-sts [^`\n]*)`/g)].map(([, span = '']) => span);
  return [...shell.split('\n'), ...spans].flatMap((line) => {
    const call = CALL.exec(line);
    // The arguments of docker come after the image's name.
    if (call === null || /^\s*(?:#|docker )/.test(line)) return [];
    const [, command = '', rest = ''] = call;
    return [{ line: line.trim(), command, options: rest.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [] }];
  });
}

/** A command with subcommands appears with one of them, or alone. */
const CALL =
  /(?:^|\$ |[\s|(])nats-sts ((?:keys|revocations)(?: (?:list|rotate|revoke|lift)\b)?|[a-z]+)([^|;&#>]*)/;

const SHELL = new Set(['sh', 'bash', 'console']);

/** The first cell of each table row that begins with `code`. */
export function tableKeys({ text }: Document): string[] {
  return [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, key = '']) => key);
}
