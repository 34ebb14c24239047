import { z } from 'zod';

/** The keys that a schema knows at a path of steps; empty where it knows none or takes any. */
export function keysAt(schema: z.core.$ZodType, steps: readonly PropertyKey[]): readonly string[] {
  const [step, ...rest] = steps;
  const here = unwrap(schema);
  if (here instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(here.shape);
    const member = (here.shape as Record<PropertyKey, z.core.$ZodType>)[step];
    return member === undefined ? [] : keysAt(member, rest);
  }
  if (here instanceof z.ZodUnion) return here.options.flatMap((option) => keysAt(option, steps));
  if (step === undefined) return [];
  if (here instanceof z.ZodArray) return keysAt(here.element, rest);
  if (here instanceof z.ZodRecord) return keysAt(here.valueType, rest);
  return [];
}

/** The schema below `.optional()`, `.prefault()`, `.transform()` and `z.lazy()`. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType);
  }
  if (schema instanceof z.ZodLazy) return unwrap(schema.def.getter());
  return schema;
}
