import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ConfigDirectory, configDirectory, yaml } from './fixture.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const JPEG = Buffer.from('ffd8ffe000104a464946', 'hex');
const WEBP = Buffer.concat([Buffer.from('RIFF\x1a\0\0\0WEBPVP8L'), Buffer.alloc(8, 0xff)]);

function withLogo(directory: ConfigDirectory, content: string | Buffer, name = 'logo'): string {
  writeFileSync(join(directory.path, name), content);
  return yaml({ more: `branding: { logo: ./${name} }` });
}

test('without branding the pages have the name of the software, and no logo', () => {
  using directory = configDirectory();
  expect(directory.load(yaml()).branding).toEqual({ name: 'nats-sts' });
  expect(directory.load(yaml({ more: 'branding:' })).branding).toEqual({ name: 'nats-sts' });
});

test('the name is as it is written', () => {
  using directory = configDirectory();
  const { branding } = directory.load(
    yaml({ more: 'branding: { name: "Ünïted <Messaging> 🚀" }' }),
  );
  expect(branding).toEqual({ name: 'Ünïted <Messaging> 🚀' });
});

test.for([
  ['{ name: "" }', 'branding.name: is not one line of text'],
  ['{ name: "a\\u0007" }', 'branding.name: is not one line of text'],
  [`{ name: ${'x'.repeat(61)} }`, 'branding.name: is longer than 60 characters'],
  ['{ logo: "" }', 'branding.logo: is empty'],
  ['{ logo: ./nowhere.png }', 'nowhere.png does not exist'],
  ['{ logo: . }', 'is not a regular file'],
  ['{ colour: red }', 'branding.colour: unknown key'],
] as const)('the branding %s is refused', ([branding, expected]) => {
  using directory = configDirectory();
  const problems = directory.problems(yaml({ more: `branding: ${branding}` }));
  expect(problems).toEqual([expect.stringContaining(expected)]);
});

test.for([
  ['SVG', SVG, 'image/svg+xml'],
  ['SVG with a prolog', `<?xml version="1.0"?>\n<!-- drawn by hand -->\n${SVG}`, 'image/svg+xml'],
  ['SVG with a byte order mark', `\uFEFF${SVG}`, 'image/svg+xml'],
  ['PNG', PNG, 'image/png'],
  ['JPEG', JPEG, 'image/jpeg'],
  ['WebP', WEBP, 'image/webp'],
] as const)(
  'a logo in %s is read whole, and known by what it holds',
  ([, content, contentType]) => {
    using directory = configDirectory();
    const config = directory.load(withLogo(directory, content));
    expect(config.branding.logo?.contentType).toBe(contentType);
    expect(config.branding.logo?.content.equals(Buffer.from(content))).toBe(true);
    expect([...config.files.keys()]).toContain(join(directory.path, 'logo'));
  },
);

test.for([
  ['a page', '<!doctype html><svg></svg>'],
  ['a page in XML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>'],
  ['a script', 'alert(1)'],
  ['a GIF', Buffer.from('GIF89a')],
  ['a RIFF of another kind', Buffer.from('RIFF\x1a\0\0\0WAVEfmt ')],
  ['an SVG that is not UTF-8', Buffer.from(`${SVG}\xff`, 'latin1')],
  ['nothing', ''],
] as const)('%s is no logo, whatever its name says', ([, content]) => {
  using directory = configDirectory();
  const [problem, ...others] = directory.problems(withLogo(directory, content, 'logo.svg'));
  expect(others).toEqual([]);
  expect(problem).toMatch(/^5 branding\.logo: .*logo\.svg is not an SVG, PNG, WebP or JPEG image$/);
});

test('a logo may have 256 KiB and not a byte more', () => {
  using directory = configDirectory();
  const largest = Buffer.concat([PNG, Buffer.alloc(256 * 1024 - PNG.length)]);
  expect(directory.load(withLogo(directory, largest)).branding.logo?.content).toHaveLength(262_144);
  const larger = Buffer.concat([largest, Buffer.alloc(1)]);
  expect(directory.problems(withLogo(directory, larger))).toEqual([
    expect.stringContaining('is larger than 256 KiB'),
  ]);
});

test('a logo that is written as a reference is the same file', () => {
  using directory = configDirectory();
  const file = directory.write('logo.svg', SVG);
  const { branding, files } = directory.load(
    yaml({ more: 'branding: { logo: { file: logo.svg } }' }),
  );
  expect(branding.logo?.content.toString()).toBe(SVG);
  expect([...files.keys()]).toContain(file);
});
