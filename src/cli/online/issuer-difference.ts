/**
 * How two issuer identifiers differ, in words. They are compared byte for byte (OIDC Core §3.1.3.7,
 * RFC 8414 §3.3), so differences matter that URLs otherwise do not have.
 */
export function issuerDifference(configured: string, published: string): string {
  if (`${configured}/` === published)
    return 'it has a trailing slash that the configured one lacks';
  if (configured === `${published}/`) return 'it lacks the trailing slash of the configured one';
  if (configured.trim() === published.trim()) return 'they differ in whitespace';
  const [ours, theirs] = [URL.parse(configured), URL.parse(published)];
  if (!ours || !theirs) return 'they are different texts';
  const differences: string[] = [];
  if (ours.protocol !== theirs.protocol) {
    differences.push(`one begins with ${ours.protocol}//, the other with ${theirs.protocol}//`);
  }
  if (ours.hostname !== theirs.hostname) differences.push('they are on different hosts');
  if (ours.port !== theirs.port && ours.protocol === theirs.protocol) {
    differences.push('they are on different ports');
  }
  if (ours.pathname !== theirs.pathname) differences.push(pathDifference(ours, theirs));
  return differences.length > 0 ? differences.join(', ') : spelling(configured, published);
}

function pathDifference({ pathname: ours }: URL, { pathname: theirs }: URL): string {
  if (ours.toLowerCase() === theirs.toLowerCase())
    return 'their paths differ in upper and lower case';
  if (trimmed(ours) === trimmed(theirs)) return 'only one has a trailing slash';
  return 'their paths differ';
}

function trimmed(path: string): string {
  return path.replace(/\/$/, '');
}

/** The same URL in two spellings. */
function spelling(configured: string, published: string): string {
  return configured.toLowerCase() === published.toLowerCase()
    ? 'their hosts differ in upper and lower case'
    : 'they are two spellings of the same URL (a default port, or escaped characters)';
}
