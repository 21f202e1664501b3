import type { Person } from '$lib/api/types';
import { shortName, t } from '$lib/words/words';

/** "You", "Ana", or for somebody met through a friend "Cem, a friend of Ana". */
export function called(person: Person): string {
  if (person.is_me) return t('words.you');
  if (person.known_through) return t('words.friend-of', { name: person.name, through: person.known_through });
  return person.name;
}

/** As people say it: first names, and "You". */
export const spoken = (person: Person): string => (person.is_me ? t('words.you') : shortName(person.name));

/** Where a name leads: my own page, a friend's, or the page of somebody known through a friend. */
export const pageOf = (person: Person): string => (person.is_me ? '#/me/posts' : `#/friends/${person.id}`);

/** The names of a list in speech: mine first, as one begins a sentence. */
export const allSpoken = (people: readonly Person[]): string[] =>
  [...people].sort((a, b) => Number(b.is_me) - Number(a.is_me)).map(spoken);

/** Each person once, in order. */
export function once(people: readonly Person[]): Person[] {
  const seen = new Set<string>();
  return people.filter((person) => !seen.has(person.id) && seen.add(person.id));
}
