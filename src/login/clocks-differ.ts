/**
 * So much longer than a thing lives it is remembered that it is used up or ended: a replica whose clock
 * is ahead must not forget what one that is behind would still take. As much as `leeway` may be.
 */
export const CLOCKS_DIFFER_SECONDS = 300;
