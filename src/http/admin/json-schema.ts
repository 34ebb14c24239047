import { z } from 'zod';

/**
 * The JSON Schema of a part of the contract, in the form that Fastify and OpenAPI want. Answers come
 * without `additionalProperties`: the serializer then sends nothing that the contract does not name.
 */
export function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    // As it is sent: only strict objects forbid members that they do not name.
    io: 'input',
    override: ({ jsonSchema }) => {
      mergeNull(jsonSchema);
      dropSafeIntegerBounds(jsonSchema);
    },
  });
  return json;
}

/** For a body that may be absent, which Fastify hands over as null. */
export function orNoBody(body: object): object {
  return { ...body, type: ['object', 'null'] };
}

type Json = z.core.JSONSchema.BaseSchema;

/** One schema with two types instead of a choice: errors then name the types. */
function mergeNull(json: Json): void {
  const [schema, other, ...more] = json.anyOf ?? [];
  if (more.length > 0 || typeof schema !== 'object' || typeof other !== 'object') return;
  if (typeof schema.type !== 'string' || other.type !== 'null') return;
  delete json.anyOf;
  Object.assign(json, { ...schema, ...json, type: [schema.type, 'null'] });
}

/** Every integer of ours is safe; the bounds would only be read twice. */
function dropSafeIntegerBounds(json: Json): void {
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
}
