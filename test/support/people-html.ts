/** A form, filled in. */
export interface Form {
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly entries: readonly (readonly [name: string, value: string])[];
}

/** The form with the button of this name, as a browser would send it. Throws when there is none. */
export function findForm(
  html: string,
  button: string,
  fields: Readonly<Record<string, string>>,
): Form {
  for (const [, open = '', content = ''] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const form = attributesOf(open);
    const outside = buttonsOf(html).filter((at) => at.attributes.form === form.id && form.id);
    const pressed = [...buttonsOf(content), ...outside].find(({ name }) => name === button);
    if (pressed === undefined) continue;
    const { name, value = '', formaction } = pressed.attributes;
    const filled = {
      ...inputsOf(content),
      ...fields,
      ...(name !== undefined && { [name]: value }),
    };
    return {
      action: formaction ?? form.action ?? '',
      method: form.method?.toLowerCase() === 'post' ? 'POST' : 'GET',
      entries: Object.entries(filled),
    };
  }
  throw new Error(`no button "${button}" on the page: ${textOf(html)}`);
}

/** Where the link of this name leads. Throws when there is none. */
export function findLink(html: string, name: string): string {
  for (const [, open = '', content = ''] of html.matchAll(/<a\b([^>]*)>(.*?)<\/a>/gis)) {
    const { href } = attributesOf(open);
    if (href !== undefined && textOf(content) === name) return href;
  }
  throw new Error(`no link "${name}" on the page: ${textOf(html)}`);
}

/** What is to be read, blanks as one. */
export function textOf(html: string): string {
  const visible = html
    .replaceAll(/<(head|style|script)\b.*?<\/\1>/gis, ' ')
    .replaceAll(/<[^>]*>/g, ' ');
  return unescape(visible).replaceAll(/\s+/g, ' ').trim();
}

type Attributes = Readonly<Partial<Record<string, string>>>;

function attributesOf(tag: string): Attributes {
  const found: Record<string, string> = {};
  const pattern = /([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g;
  for (const [, name = '', double, single, bare] of tag.matchAll(pattern)) {
    found[name.toLowerCase()] = unescape(double ?? single ?? bare ?? '');
  }
  return found;
}

function buttonsOf(html: string): { readonly name: string; readonly attributes: Attributes }[] {
  return [...html.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gis)].map(([, open, content]) => ({
    name: textOf(content ?? ''),
    attributes: attributesOf(open ?? ''),
  }));
}

/** What the fields hold that nobody touched. */
function inputsOf(html: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, tag = ''] of html.matchAll(/<input\b([^>]*)>/gi)) {
    const { name, value, type = 'text', checked } = attributesOf(tag);
    const choice = type === 'radio' || type === 'checkbox';
    if (name !== undefined && (!choice || checked !== undefined)) {
      values[name] = value ?? (choice ? 'on' : '');
    }
  }
  for (const [, open = '', content = ''] of html.matchAll(
    /<textarea\b([^>]*)>(.*?)<\/textarea>/gis,
  )) {
    const { name } = attributesOf(open);
    if (name !== undefined) values[name] = unescape(content);
  }
  for (const [, open = '', content = ''] of html.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gis)) {
    const { name } = attributesOf(open);
    const options = [...content.matchAll(/<option\b([^>]*)>/gi)].map(([, tag]) =>
      attributesOf(tag ?? ''),
    );
    const chosen = options.find(({ selected }) => selected !== undefined) ?? options[0];
    if (name !== undefined && chosen !== undefined) values[name] = chosen.value ?? '';
  }
  return values;
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function unescape(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return NAMED[name] ?? whole;
  });
}
