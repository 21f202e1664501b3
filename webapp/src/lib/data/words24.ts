export const COUNT = 24;

/** The words of what was typed or pasted: numbers, commas and line breaks of a sheet do not count. */
export const wordsOf = (typed: string): string[] =>
  typed
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
