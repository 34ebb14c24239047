/** Marks a string as CSS, for editors. */
export const css = String.raw;
