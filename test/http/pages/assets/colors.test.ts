import { describe, expect, test } from 'vitest';
import { DARK, LIGHT } from '../../../../src/http/pages/assets/colors.ts';

type Colours = typeof DARK;

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['ground', 'surface', 'sunken'] as const satisfies (keyof Colours)[];

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('in the %s colors', (_name, colours: Colours) => {
  test('text has enough contrast on every background (4.5:1)', () => {
    const texts = ['text', 'muted', 'accent', 'good', 'bad', 'warn'] as const;
    const pairs = [
      ...texts.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)),
      ['text', 'accentSoft'],
      ['text', 'badSoft'],
      ['text', 'warnSoft'],
      ['accent', 'accentSoft'],
      ['good', 'goodSoft'],
      ['bad', 'badSoft'],
      ['warn', 'warnSoft'],
      ['buttonText', 'button'],
      ['buttonText', 'buttonHover'],
    ] as const;
    const poor = pairs.filter(([text, ground]) => contrast(colours[text], colours[ground]) < 4.5);
    expect(poor).toEqual([]);
  });

  test('controls have enough contrast with their background (3:1)', () => {
    const pairs = (['control', 'button', 'accent', 'bad'] as const).flatMap((control) =>
      GROUNDS.map((ground) => [control, ground] as const),
    );
    const poor = pairs.filter(
      ([control, ground]) => contrast(colours[control], colours[ground]) < 3,
    );
    expect(poor).toEqual([]);
  });
});

test('the measure itself is right: black on white is 21:1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});
