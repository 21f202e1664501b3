// Photographs keep their shape: each takes a share of its row equal to its ratio, so a row has one height. Pure.
import type { Media, Size } from '$lib/api/types';

type Shaped = Pick<Media, 'width' | 'height'>;

export const ratio = (media: Shaped): number =>
  media.width > 0 && media.height > 0 ? media.width / media.height : 1;

const EACH_ROW = 0.04; // fewer rows are better, all else being equal

/** The sum of ratios a row should have: a few pictures stand large, ten closer together, on a phone rather below each other. */
const wanted = (count: number, isNarrow: boolean): number =>
  Math.min(3, isNarrow ? 1.1 + 0.22 * count : 1.6 + 0.25 * count);

/** Rows from top to bottom, in the given order, none much higher or lower than a row should be. */
export function rows<M extends Shaped>(all: readonly M[], isNarrow = false): M[][] {
  const target = wanted(all.length, isNarrow);
  /** For each count of pictures from the start: the least cost, and where its last row begins. */
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= all.length; end++) {
    let least = { cost: Infinity, from: 0 };
    let sum = 0;
    for (let from = end - 1; from >= 0; from--) {
      const one = all[from];
      if (one) sum += ratio(one);
      const cost = (best[from]?.cost ?? 0) + Math.log(sum / target) ** 2 + EACH_ROW;
      if (cost < least.cost) least = { cost, from };
    }
    best.push(least);
  }
  const result: M[][] = [];
  for (let end = all.length; end > 0; end = best[end]?.from ?? 0)
    result.unshift(all.slice(best[end]?.from ?? 0, end));
  return result;
}

/** "a.webp 480w, b.webp 960w" */
export const sources = (sizes: readonly Size[]): string =>
  sizes.map(({ url, width }) => `${url} ${width}w`).join(', ');
