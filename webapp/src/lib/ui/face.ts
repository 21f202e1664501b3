/** A steady colour for somebody without a picture: their own hue, else one drawn from their id. */
export function hueOf(person: { id: string; hue: number | null }): number {
  if (person.hue !== null) return person.hue;
  let sum = 0;
  for (const letter of person.id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}

/** The first letter as the person's script writes it, marks included. */
export function initial(name: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim());
  for (const { segment } of segments) return segment.toLocaleUpperCase();
  return '·';
}
