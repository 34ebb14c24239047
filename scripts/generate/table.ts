import type { JsonSchema } from './json-schema.ts';

/** A Markdown table of all keys below an object, nested ones with their whole path. */
export function keyTable(schema: JsonSchema, prefix = ''): string {
  return [
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows(schema, prefix).map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function rows({ properties = {}, required = [] }: JsonSchema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([key, member]) => {
    const path = `${prefix}${key}`;
    const own = [
      `\`${path}\``,
      escape(typeName(member)),
      required.includes(key) ? '*required*' : defaultText(member),
      escape(member.description ?? ''),
    ];
    return [own, ...rows(member, `${path}.`), ...rows(member.items ?? {}, `${path}[].`)];
  });
}

function defaultText({ default: value }: JsonSchema): string {
  if (value === undefined || JSON.stringify(value) === '{}') return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** `duration`, `list of path`, `text or true or false`. */
export function typeName(schema: JsonSchema): string {
  const { title, anyOf, items, enum: values, type, properties } = schema;
  if (title !== undefined) return title;
  if (anyOf) return optionNames(anyOf);
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (items) return `list of ${typeName(items)}`;
  if (properties || type === 'object') return 'mapping';
  return type === 'string' ? 'text' : (type ?? 'value');
}

/** One or a list of the same reads as such. */
function optionNames(options: readonly JsonSchema[]): string {
  const [one, list] = options;
  if (options.length === 2 && one && list?.items) return `${typeName(one)}, or a list`;
  return [...new Set(options.map(typeName))].join(' or ');
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
