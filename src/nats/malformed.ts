/** What a parser of this folder answers instead of a value: the text is not what it should be. */
export class Malformed {
  /** One sentence without any of the text itself: that may be a secret. */
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}
