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

/** Without the marks for bold, slanted and code, which nobody sees. The machine makes the real thing. */
export const unmarked = (text: string): string => text.replace(/(\*\*|\*|`)(?=\S)(.+?)(?<=\S)\1/g, '$2');
