import { z } from 'zod';

/** The JSON Schema of a request of the contract, in the form that Fastify and OpenAPI expect. */
export function requestSchema(schema: z.ZodType): object {
  return jsonSchema(schema, () => {});
}

/** The same of an answer: the serializer leaves out what the contract does not name, and never fails for it. */
export function answerSchema(schema: z.ZodType): object {
  return jsonSchema(schema, (json) => {
    if (json.additionalProperties === false) delete json.additionalProperties;
  });
}

function jsonSchema(schema: z.ZodType, adjust: (json: Json) => void): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    // With `input`, only strict objects forbid members that they do not name.
    io: 'input',
    override: ({ jsonSchema }) => {
      mergeNull(jsonSchema);
      dropSafeIntegerBounds(jsonSchema);
      adjust(jsonSchema);
    },
  });
  return json;
}

/** For a body that may be absent: Fastify then validates null. */
export function orNoBody(body: object): object {
  return { ...body, type: ['object', 'null'] };
}

type Json = z.core.JSONSchema.BaseSchema;

/** Turns a choice with null into one schema with two types, so that errors name the types. */
function mergeNull(json: Json): void {
  const [schema, other, ...more] = json.anyOf ?? [];
  if (more.length > 0 || typeof schema !== 'object' || typeof other !== 'object') return;
  if (typeof schema.type !== 'string' || other.type !== 'null') return;
  delete json.anyOf;
  Object.assign(json, { ...schema, ...json, type: [schema.type, 'null'] });
}

/** Zod adds the bounds of safe integers, which tell a reader nothing. */
function dropSafeIntegerBounds(json: Json): void {
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
}
