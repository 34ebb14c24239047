/** `child('bindings[0]', 'match')` is `bindings[0].match`; a number is an index in a list. */
export function child(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  return path === '' ? String(step) : `${path}.${String(step)}`;
}

/** The dotted form of a path of steps. */
export function pathOf(steps: readonly PropertyKey[], from = ''): string {
  return steps.reduce<string>(child, from);
}
