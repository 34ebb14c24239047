/** A browser for the variable BROWSER: it follows every redirect. */
await fetch(process.argv.at(-1) ?? '');
