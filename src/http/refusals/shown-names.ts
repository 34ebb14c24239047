/** Names that a stranger sent, for a message: those that could be ours, else `otherwise`. */
export function shownNames(names: readonly string[], otherwise: string): string {
  const ours = names.filter((name) => /^[a-z_]{1,40}$/.test(name)).slice(0, 5);
  return ours.length === 0 ? otherwise : ours.join(', ');
}
