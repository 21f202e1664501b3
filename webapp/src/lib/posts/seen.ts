// What others see of what I posted. The machine says of each post of mine who may see it: those who have it and those
// who wait for it (`delivery`); nothing here guesses.
import type { Audience, Person, Post } from '$lib/api/types';
import { t } from '$lib/words/words';

/** Somebody's id, or anyone: whoever comes to the public page. */
export type Viewer = string;
export const ANYONE: Viewer = 'anyone';

/** Everybody whose eyes one can borrow. */
export const viewers = (friends: readonly Person[]): { value: Viewer; name: string }[] => [
  { value: ANYONE, name: t('as.public') },
  ...friends.map(({ id, name }) => ({ value: id, name })),
];

export function sees(viewer: Viewer, post: Pick<Post, 'audience' | 'delivery'>): boolean {
  if (post.audience.class === 'public') return true;
  if (viewer === ANYONE) return false;
  const { delivered = [], waiting = [] } = post.delivery ?? {};
  return [...delivered, ...waiting.map(({ person }) => person)].some(({ id }) => id === viewer);
}

/** The chip as others read it: how my circles are called and whom I chose is my business. */
export function labelFor(audience: Pick<Audience, 'class' | 'label'>): string {
  if (audience.class === 'circle') return t('as.circle');
  if (audience.class === 'chosen') return t('as.chosen');
  return audience.class === 'friends' ? t('audience.friends') : audience.label;
}

export interface Piece {
  text: string;
  as: 'strong' | 'em' | 'code' | null;
}

/** Cut at the marks for bold, slanted and code, which nobody sees. The machine makes the real thing, with lists and links. */
export function marked(text: string): Piece[] {
  const found: Piece[] = [];
  let last = 0;
  for (const match of text.matchAll(/(\*\*|\*|`)(?=\S)(.+?)(?<=\S)\1/g)) {
    if (match.index > last) found.push({ text: text.slice(last, match.index), as: null });
    found.push({ text: match[2] ?? '', as: match[1] === '`' ? 'code' : match[1] === '*' ? 'em' : 'strong' });
    last = match.index + match[0].length;
  }
  return last < text.length ? [...found, { text: text.slice(last), as: null }] : found;
}
