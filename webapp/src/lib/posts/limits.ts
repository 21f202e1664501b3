// The machine's own limits (docs/spec §4), said before something is sent.
export const POST_LENGTH = 5_000;
export const COMMENT_LENGTH = 5_000;
export const MESSAGE_LENGTH = 5_000;
/** From here on the composer says how much room is left. */
export const NEAR_THE_END = 300;

/** Characters as people count them: code points, not the halves of an emoji. */
export const lengthOf = (text: string): number => Array.from(text).length;
