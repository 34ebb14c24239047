/** The exit status of every nats-sts command. Adding one is compatible, changing one is not. */
export const ExitCode = {
  /** Success. */
  ok: 0,
  /** The command failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** nats-sts denied the request. */
  denied: 3,
  /** The configuration, or a file of golden cases, is not valid. */
  configuration: 4,
  /** Something required cannot be reached, or is not available now. */
  unavailable: 5,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Ends a command with an exit status and a message (empty if the command already printed it). */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
