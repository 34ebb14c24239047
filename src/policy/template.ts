/** Source of a value in a template. */
type TemplateSource =
  /** Member names below `claims`: `claims["kubernetes.io"].namespace` → `["kubernetes.io", "namespace"]`. */
  | { readonly kind: 'claim'; readonly path: readonly string[] }
  /** `Identity.subject`. */
  | { readonly kind: 'subject' }
  /** `Identity.issuerName`: the operator's name, not the URL. */
  | { readonly kind: 'issuer' };

/** One `{{…}}`. */
export interface Reference {
  readonly source: TemplateSource;
  /** Whether `| token` follows: a value that is not a plain token is encoded, not rejected. */
  readonly encode: boolean;
  /** The source as the operator wrote it, e.g. `claims.repository_id`. */
  readonly text: string;
  /** Equal for references to the same source with the same encoding. */
  readonly key: string;
}

/** A text with references in it, e.g. `orders.{{claims.repository_id}}.>`. */
export interface Template {
  readonly text: string;
  /** Literal texts and references. No literal is empty, and no two are adjacent. */
  readonly parts: readonly (string | Reference)[];
  /** The references among the parts. */
  readonly references: readonly Reference[];
}

const MEMBER = /^(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*("(?:[^"\\]|\\.)*")\s*\])/;
const MAX_PATH_LENGTH = 8;

/**
 * Parses a template. References are `{{claims.name}}`, `{{claims["any name"].member}}`, `{{subject}}`
 * and `{{issuer}}`, each optionally with `| token`. Returns the template, or what is wrong with it.
 */
export function parseTemplate(text: string): Template | string {
  const parts: (string | Reference)[] = [];
  let rest = text;
  while (rest !== '') {
    const open = rest.indexOf('{{');
    const literal = open === -1 ? rest : rest.slice(0, open);
    if (/[{}]/.test(literal)) return 'has a single brace: write a reference as {{claims.name}}';
    if (literal !== '') parts.push(literal);
    if (open === -1) break;
    const close = rest.indexOf('}}', open);
    if (close === -1) return 'has {{ without }}: write a reference as {{claims.name}}';
    const reference = parseReference(rest.slice(open + 2, close).trim());
    if (typeof reference === 'string') return reference;
    parts.push(reference);
    rest = rest.slice(close + 2);
  }
  return { text, parts, references: parts.filter((part) => typeof part !== 'string') };
}

function parseReference(inner: string): Reference | string {
  const [, text = '', filter] = /^(.*?)(?:\s*\|\s*([A-Za-z_]*))?$/s.exec(inner) ?? [];
  if (filter !== undefined && filter !== 'token') {
    return `has an unknown filter "${filter}": the only filter is "| token"`;
  }
  const source = parseSource(text);
  if (typeof source === 'string') return source;
  const encode = filter === 'token';
  return { source, encode, text, key: JSON.stringify([source, encode]) };
}

function parseSource(text: string): TemplateSource | string {
  if (text === 'subject' || text === 'issuer') return { kind: text };
  if (!/^claims(?=[.[])/.test(text)) {
    return `has an unknown reference "{{${text}}}": write {{claims.name}}, {{claims["any name"]}}, {{subject}}, or {{issuer}}`;
  }
  const path: string[] = [];
  for (let rest = text.slice('claims'.length); rest !== ''; ) {
    const [whole, name, quoted] = MEMBER.exec(rest) ?? [];
    const member = name ?? unquote(quoted);
    if (whole === undefined || member === undefined || path.length === MAX_PATH_LENGTH) {
      return `has an invalid reference "{{${text}}}": write {{claims.name}}, or {{claims["any name"].member}} for names with other characters`;
    }
    path.push(member);
    rest = rest.slice(whole.length);
  }
  return { kind: 'claim', path };
}

/** A quoted member name is a JSON string (RFC 8259 §7). */
function unquote(quoted: string | undefined): string | undefined {
  if (quoted === undefined) return undefined;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}
