// Photographs keep their shape: each takes a share of its row equal to its ratio, so a row has one height. Pure.
import type { Media, Size } from '$lib/api/types';

const WIDE_ROW = 3.2; // the sum of ratios a row holds before it gets too low to see anything

export const ratio = (media: Pick<Media, 'width' | 'height'>): number =>
  media.width > 0 && media.height > 0 ? media.width / media.height : 1;

/** Rows from top to bottom; a single wide picture opens, the rest share. */
export function rows<M extends Pick<Media, 'width' | 'height'>>(all: readonly M[]): M[][] {
  const result: M[][] = [];
  let row: M[] = [];
  let sum = 0;
  for (const one of all) {
    if (row.length > 0 && sum + ratio(one) > WIDE_ROW) {
      result.push(row);
      row = [];
      sum = 0;
    }
    row.push(one);
    sum += ratio(one);
  }
  return row.length > 0 ? [...result, row] : result;
}

/** "a.webp 480w, b.webp 960w" */
export const sources = (sizes: readonly Size[]): string =>
  sizes.map(({ url, width }) => `${url} ${width}w`).join(', ');
