import { z } from 'zod';
import { configSchema } from '../../src/config/schema/config.ts';

/** The part of JSON Schema (draft 7, which editors know best) that our configuration needs. */
export interface JsonSchema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  definitions?: Record<string, JsonSchema>;
  $ref?: string;
}

/** What the schema says of the file as the operator writes it (before units are read). */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

const REFERENCE: JsonSchema = {
  title: 'reference',
  description: 'The value of an environment variable, or the contents of a file.',
  anyOf: ['env', 'file'].map((key) => ({
    type: 'object',
    properties: { [key]: { type: 'string' } },
    required: [key],
    additionalProperties: false,
  })),
};

/** The JSON Schema for editors. Any scalar may also be `{env: NAME}` or `{file: path}`. */
export function configJsonSchema(): string {
  const { definitions, ...schema } = withReferences(inputSchema(configSchema));
  const whole = {
    ...schema,
    title: 'nats-sts configuration',
    definitions: { ...definitions, reference: REFERENCE },
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

const SCALARS = new Set(['string', 'number', 'integer', 'boolean']);
const POINTER: JsonSchema = { $ref: '#/definitions/reference' };

function isScalar({ type, const: fixed }: JsonSchema): boolean {
  return type !== undefined && SCALARS.has(type) && fixed === undefined;
}

function withReferences(schema: JsonSchema): JsonSchema {
  if (isScalar(schema)) {
    const { title, description, default: preset, ...scalar } = schema;
    return withoutUndefined({
      title,
      description,
      default: preset,
      anyOf: [scalar, POINTER],
    });
  }
  const options = schema.anyOf;
  return withoutUndefined({
    ...schema,
    properties: schema.properties && mapValues(schema.properties, withReferences),
    definitions: schema.definitions && mapValues(schema.definitions, withReferences),
    items: schema.items && withReferences(schema.items),
    additionalProperties:
      typeof schema.additionalProperties === 'object'
        ? withReferences(schema.additionalProperties)
        : schema.additionalProperties,
    anyOf: options && [
      ...options.map((option) => (isScalar(option) ? option : withReferences(option))),
      ...(options.some(isScalar) ? [POINTER] : []),
    ],
  });
}

function mapValues(
  values: Record<string, JsonSchema>,
  change: (value: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

function withoutUndefined(
  schema: { [Key in keyof JsonSchema]: JsonSchema[Key] | undefined },
): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
