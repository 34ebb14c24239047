/**
 * How long a test waits for one answer. A limit for what hangs, never a measure of speed: no step
 * takes as long, however slow the machine.
 */
export const PATIENCE_MILLISECONDS = 120_000;
