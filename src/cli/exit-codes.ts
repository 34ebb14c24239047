/** What every nats-sts command means by its exit status. Adding one is compatible, changing one is not. */
export const ExitCode = {
  /** Done. */
  ok: 0,
  /** It was tried and did not work. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** nats-sts answered, and the answer was no. */
  denied: 3,
  /** The configuration, or a file of golden cases, is not valid. */
  configuration: 4,
  /** Something needed for it can't be reached, or not now. */
  unavailable: 5,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends a command: the message for the person (none when it said all already), and the exit status. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
