/** A browser that a test puts into BROWSER: goes where it is sent, as often as it is sent on. */
await fetch(process.argv.at(-1) ?? '');
