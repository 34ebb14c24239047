import { createRequire } from 'node:module';
import type { AjvCompiler, BuildCompilerFromPool } from '@fastify/ajv-compiler';
import type { SerializerFactory, SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifyServerOptions } from 'fastify';

const require = createRequire(import.meta.url);

type Factories = NonNullable<FastifyServerOptions['schemaController']>['compilersFactory'];

/**
 * Fastify's own compilers of JSON Schema, each schema compiled when its first request or answer
 * comes: most routes are rarely called, and compiling all of them is a fifth of the work of a start.
 */
export const LAZY_SCHEMAS = {
  buildValidator: lazyValidators,
  buildSerializer: lazySerializers,
} satisfies Factories;

type Validator = ReturnType<ReturnType<BuildCompilerFromPool>>;

function lazyValidators(...given: Parameters<BuildCompilerFromPool>) {
  const compiler = once(() => {
    const ajv: { AjvCompiler: typeof AjvCompiler } = require('@fastify/ajv-compiler');
    return ajv.AjvCompiler()(...given);
  });
  return (route: Parameters<ReturnType<BuildCompilerFromPool>>[0]): Validator => {
    const compiled = once(() => compiler()(route));
    // As Ajv's own functions: the errors of the last call are a property.
    const validate: { (data: unknown): unknown; errors?: unknown } = (data) => {
      const valid = compiled()(data);
      validate.errors = compiled().errors;
      return valid;
    };
    return validate as Validator;
  };
}

function lazySerializers(...given: Parameters<SerializerFactory>): ReturnType<SerializerFactory> {
  const compiler = once(() => {
    const json: { SerializerSelector: typeof SerializerSelector } =
      require('@fastify/fast-json-stringify-compiler');
    return json.SerializerSelector()(...given);
  });
  return (route) => {
    const compiled = once(() => compiler()(route));
    return (answer) => compiled()(answer);
  };
}

/** What `make` returned at the first call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
