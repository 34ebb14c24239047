import { harmless, type Style, styled, type Terminal } from '../terminal.ts';
import type { Finding } from './finding.ts';

/** One line for each finding, the worst last, each with what to do below it. */
export function onlineReport(terminal: Terminal, findings: readonly Finding[]): string {
  const sorted = findings.toSorted((one, other) => ORDER[one.level] - ORDER[other.level]);
  const lines = sorted.map((finding) => line(terminal, finding));
  const problems = count(findings, 'problem');
  const warnings = count(findings, 'warning');
  const result =
    problems + warnings === 0
      ? styled(terminal, 'green', 'online: everything is as configured')
      : `online: ${plural(problems, 'problem')}, ${plural(warnings, 'warning')}`;
  return `${lines.join('')}${result}\n`;
}

const ORDER: Readonly<Record<Finding['level'], number>> = {
  ok: 0,
  note: 1,
  warning: 2,
  problem: 3,
};
const STYLE: Readonly<Record<Finding['level'], Style>> = {
  ok: 'green',
  note: 'dim',
  warning: 'yellow',
  problem: 'red',
};

function line(terminal: Terminal, { level, id, path, tried, found, todo }: Finding): string {
  const mark = styled(terminal, STYLE[level], level.padEnd(7));
  const first = `${mark}  ${harmless(`${path}: ${tried}: ${found}`)} [${id}]\n`;
  return todo === undefined ? first : `${first}         ${harmless(`→ ${todo}`)}\n`;
}

function count(findings: readonly Finding[], level: Finding['level']): number {
  return findings.filter((finding) => finding.level === level).length;
}

function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
