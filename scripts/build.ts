/**
 * Writes dist/: main.js, a chunk for each command and for what commands share, their source maps,
 * and the licenses of what is inside. `--out DIRECTORY` writes elsewhere.
 */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type OutputChunk, type OutputOptions, type Plugin, rolldown } from 'rolldown';
import { packagesIn, thirdParty } from './build/third-party.ts';

const ROOT = join(import.meta.dirname, '..');
const PROGRAM = './cli/program.ts';

/** Native: installed beside the bundle, as package.json says. */
const EXTERNAL = ['sodium-native'];

/**
 * Loaded before everything else. V8 keeps what it compiled beside the code itself, where whoever may
 * write it may write the code, too: never in a folder for all users. Elsewhere nothing is kept.
 */
const START = `process.setSourceMapsEnabled(true);
require('node:module').enableCompileCache(require('node:path').join(__dirname, 'cache'));
exports.program = require('./program.cjs').program;
`;

/** What the source `require`s when it is first needed, which no bundler sees: chunks of their own. */
const REQUIRED: Readonly<Record<string, string>> = {
  cel: `export { CelScalar, celEnv, celError, celFunc, mapType, parse, plan } from '@bufbuild/cel'`,
  validators: `export { AjvCompiler } from '@fastify/ajv-compiler'`,
  stringWidth: `export { default } from 'string-width'`,
  serializers: `export { SerializerSelector } from '@fastify/fast-json-stringify-compiler'`,
};

const requiresAreChunks: Plugin = {
  name: 'requires-are-chunks',
  resolveId: (id) => (id in REQUIRED ? { id: join(ROOT, 'src', `${id}.chunk`) } : undefined),
  load: {
    filter: { id: /\.chunk$/ },
    handler: (id) => REQUIRED[basename(id, '.chunk')],
  },
  transform: {
    filter: { id: /\/src\/.*\.ts$/, code: /\brequire\('/ },
    handler: (code) => ({
      code: code.replaceAll(/\brequire\('([^']+)'\)/g, requireChunk),
      map: null,
    }),
  },
};

function requireChunk(_: string, name: string): string {
  const [chunk] =
    Object.entries(REQUIRED).find(([, exports]) => exports.endsWith(` from '${name}'`)) ?? [];
  if (chunk === undefined) throw new Error(`scripts/build.ts has no chunk for require('${name}')`);
  return `require('./${chunk}.cjs')`;
}

/** The end of a chunk: a getter for each export. */
const GETTERS =
  /(?:Object\.defineProperty\(exports,"[^"]+",\{enumerable:true,get:function\(\)\{return [\w$]+\}\}\);\n?)+(?=\/\/# sourceMappingURL|$)/;
const GETTER =
  /Object\.defineProperty\(exports,"([^"]+)",\{enumerable:true,get:function\(\)\{return ([\w$]+)\}\}\);/g;

/**
 * Exports that nothing assigns again become plain properties. V8 keeps an object with many getters
 * as a hash table, and inlines no function that it finds there: an exchange took 4 % longer.
 */
function withPlainExports(code: string): string {
  return code.replace(GETTERS, (getters) =>
    getters.replaceAll(GETTER, (getter, name: string, binding: string) => {
      const escaped = binding.replaceAll('$', String.raw`\$`);
      const assigned =
        code.match(new RegExp(String.raw`(?<![\w$.])${escaped}=(?![=>])`, 'g')) ?? [];
      return assigned.length > 1 ? getter : `exports.${name}=${binding};`;
    }),
  );
}

const plainExports: Plugin = {
  name: 'plain-exports',
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      if (part.type === 'chunk') part.code = withPlainExports(part.code);
    }
  },
};

const mainIsStart: Plugin = {
  name: 'main-is-start',
  resolveId: (id) => (id === PROGRAM ? { id: './start.cjs', external: true } : undefined),
};

/** Builds into `directory`, which is emptied first. */
async function build(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const output = {
    dir: directory,
    sourcemap: true,
    // Less to read, and names as they are: errors tell them.
    minify: { compress: false, mangle: false, codegen: true },
  } satisfies OutputOptions;
  // CommonJS loads faster than modules do: built-in modules are not read whole for their exports.
  const program = await rolldown({
    cwd: ROOT,
    input: {
      program: join('src', PROGRAM),
      ...Object.fromEntries(Object.keys(REQUIRED).map((name) => [name, name])),
    },
    platform: 'node',
    external: EXTERNAL,
    plugins: [requiresAreChunks, plainExports],
  });
  const chunks = await program.write({
    ...output,
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  // A module, so that an old Node reads it and says that it is too old.
  const main = await rolldown({
    cwd: ROOT,
    input: 'src/main.ts',
    platform: 'node',
    plugins: [mainIsStart],
  });
  await main.write({ ...output, format: 'esm' });
  writeFileSync(join(directory, 'start.cjs'), START);
  chmodSync(join(directory, 'main.js'), 0o755);
  const modules = chunks.output
    .filter((part): part is OutputChunk => part.type === 'chunk')
    .flatMap(({ moduleIds }) => moduleIds);
  writeFileSync(join(directory, 'THIRD-PARTY.md'), thirdParty(packagesIn(modules)));
}

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'dist') } } });
await build(values.out);
