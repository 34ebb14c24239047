/**
 * The stylesheet of all pages. Classes for everyone's use:
 *
 * - `card`, `card notice good|bad|warn`: a box, one that tells something; `cards`: a grid of them
 * - `lead`, `muted`, `reference`: paragraphs; `tag`, `tag good|bad|warn`: a word in a pill
 * - `button`, `button secondary`, `button danger`; `quiet`: a button that looks like a link; `actions`: a row of them
 * - `facts`: names and values (elements.ts); `command`: a line to copy (elements.ts); `all`: one click selects it whole
 * - `table` in `<div class="scroll" tabindex="0" role="region" aria-label="…">`
 * - `field`: a label above its control; `choice`: a radio with its text; `hidden`: for screen readers only
 */
import { COLOURS } from './colors.ts';
import { CONTENT } from './content.ts';
import { CONTROLS } from './controls.ts';
import { FRAME } from './frame.ts';

export const STYLE = COLOURS + FRAME + CONTENT + CONTROLS;
