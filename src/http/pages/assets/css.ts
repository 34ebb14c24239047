/** Marks a text as CSS: editors colour it. */
export const css = String.raw;
