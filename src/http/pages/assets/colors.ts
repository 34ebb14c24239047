import { css } from './css.ts';

/**
 * Every colour there is, in light and dark. On each ground (`ground`, `surface`, `sunken`, the soft
 * ones) text has a contrast of at least 4.5:1 and what one operates at least 3:1 (WCAG 2.2 §1.4.3,
 * §1.4.11); a test computes them.
 */
export const LIGHT = {
  ground: '#f5f6f8',
  surface: '#ffffff',
  sunken: '#eff1f5',
  text: '#191d26',
  muted: '#545c6b',
  line: '#dce0e7',
  control: '#7a8393',
  accent: '#2550c0',
  accentSoft: '#e9eefc',
  button: '#2f5bd0',
  buttonHover: '#2348ab',
  buttonText: '#ffffff',
  good: '#17663f',
  goodSoft: '#e3f4ea',
  bad: '#a8231c',
  badSoft: '#fcebe9',
  warn: '#7d4e00',
  warnSoft: '#fdf2da',
} as const;

export const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  ground: '#0f1217',
  surface: '#181c23',
  sunken: '#10141a',
  text: '#e8ebf1',
  muted: '#a7b0bf',
  line: '#2c333e',
  control: '#727d8e',
  accent: '#93b4ff',
  accentSoft: '#1d2840',
  button: '#3a66dc',
  buttonHover: '#2f57c4',
  buttonText: '#ffffff',
  good: '#6fd3a0',
  goodSoft: '#14291f',
  bad: '#ff9d94',
  badSoft: '#33191a',
  warn: '#f0c066',
  warnSoft: '#2d2413',
};

/** `accentSoft` is `--accent-soft`. */
const variables = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${value};`)
    .join('\n  ');

export const COLOURS = css`:root {
  color-scheme: light dark;
  ${variables(LIGHT)}
}
@media (prefers-color-scheme: dark) {
  :root {
  ${variables(DARK)}
  }
}
`;
