#!/usr/bin/env node

/** As in package.json; an older one reads this file, too, so it holds no syntax and no import that one would stumble over. */
const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `nats-sts needs Node ${OLDEST_NODE} or later; this is v${process.versions.node}\n`,
  );
  process.exitCode = 1;
} else {
  const { program } = await import('./cli/program.ts');
  process.exitCode = await program(process.argv);
}
