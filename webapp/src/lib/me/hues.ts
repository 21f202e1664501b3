import type { PlainKey } from '$lib/words/words';

/** Owners choose a hue; lightness and chroma stay ours, so no choice can break contrast. */
export const HUES: readonly { hue: number; name: PlainKey }[] = [
  { hue: 352, name: 'me.hue-352' },
  { hue: 32, name: 'me.hue-32' },
  { hue: 75, name: 'me.hue-75' },
  { hue: 140, name: 'me.hue-140' },
  { hue: 215, name: 'me.hue-215' },
  { hue: 275, name: 'me.hue-275' },
];
