/**
 * A time zone in the spelling of the IANA database, which NATS servers require: `europe/berlin` becomes
 * `Europe/Berlin`. Undefined for names not in that database: offsets, and abbreviations (`PST`) that only
 * JavaScript knows.
 */
export function ianaTimeZone(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    if (typeof Temporal === 'undefined') return withoutTemporal(name);
    // Keeps older names (`US/Eastern`), for which `Intl` returns another.
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    return undefined;
  }
}

/** Node before 26: corrects current names; an older one must be spelled correctly and have a region. */
function withoutTemporal(name: string): string | undefined {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const same = known.find((zone) => zone.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return same;
  const { timeZone } = Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  return timeZone !== '' &&
    /^(?:US|[A-Z][a-z]+)(?:\/(?:[A-Z][a-z][A-Za-z_-]*|GMT[+-]\d+))+$/.test(name)
    ? name
    : undefined;
}
