import type { PlainKey } from '$lib/words/words';

// Owners choose a hue; lightness and chroma stay ours, so no choice can break contrast.
interface Hue {
  hue: number;
  name: PlainKey;
}

export const HUES: readonly Hue[] = [
  { hue: 352, name: 'me.hue-352' },
  { hue: 32, name: 'me.hue-32' },
  { hue: 75, name: 'me.hue-75' },
  { hue: 140, name: 'me.hue-140' },
  { hue: 215, name: 'me.hue-215' },
  { hue: 275, name: 'me.hue-275' },
];

/** The swatches, and the colour one was given at the start when it is none of them. */
export const huesWith = (own: number | null): readonly Hue[] =>
  own === null || HUES.some(({ hue }) => hue === own) ? HUES : [{ hue: own, name: 'me.hue-own' }, ...HUES];
