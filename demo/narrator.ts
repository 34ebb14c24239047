import { table } from '../src/cli/table.ts';
import { harmless, styled, type Terminal } from '../src/cli/terminal.ts';

/** Prints the story of the demo, step by step. */
export interface Narrator {
  title(text: string): void;
  /** Begins the next step. */
  step(text: string): void;
  /** The results of a step, as names and values. */
  facts(facts: Readonly<Record<string, string>>): void;
  say(text: string): void;
  /** A line to paste into a shell. Never shortened. */
  command(line: string): void;
  /** A URL on its own line, for terminals with clickable links. */
  link(url: string): void;
  /** The output of a program, line by line. */
  output(text: string): void;
  /** An event after the story. */
  event(text: string, style: 'green' | 'red'): void;
}

const INDENT = '   ';

export function createNarrator(terminal: Terminal): Narrator {
  const print = (text: string) => terminal.out(`${text}\n`);
  const indented = (text: string) => text.replaceAll(/^(?=.)/gm, INDENT).replace(/\n?$/, '\n');
  let steps = 0;
  return {
    title: (text) => print(styled(terminal, 'bold', text)),
    step: (text) => {
      steps += 1;
      const number = styled(terminal, 'cyan', String(steps));
      print(`\n${number}  ${styled(terminal, 'bold', text)}`);
    },
    facts: (facts) => {
      const rows = Object.entries(facts).map(([name, value]) => [
        { text: name, style: 'dim' } as const,
        value,
      ]);
      const columns = [{ title: '', atLeast: 12 }, { title: '' }];
      terminal.out(indented(table(terminal, columns, rows, { header: false })));
    },
    say: (text) => print(`${INDENT}${text}`),
    command: (line) => print(`${INDENT}${INDENT}${styled(terminal, 'cyan', line)}`),
    link: (url) => print(styled(terminal, 'cyan', url)),
    output: (text) => terminal.out(indented(indented(text))),
    event: (text, style) => print(`${INDENT}${styled(terminal, style, harmless(text))}`),
  };
}
