/** Names sent by a stranger, for use in a message: those that look like our own, else `otherwise`. */
export function shownNames(names: readonly string[], otherwise: string): string {
  const ours = names.filter((name) => /^[a-z_]{1,40}$/.test(name)).slice(0, 5);
  return ours.length === 0 ? otherwise : ours.join(', ');
}
