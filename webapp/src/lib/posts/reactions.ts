import type { Person, Reaction } from '$lib/api/types';

/** What a thumb finds first. Anybody's other reactions show too, and can be joined. */
export const OFFERED = ['❤️', '😂', '😍', '👏', '😮', '😢', '🌷', '🙌'] as const;

/** One face per person and reaction, mine first. */
export const faces = (reactions: readonly Reaction[]): { person: Person; emoji: string }[] =>
  reactions
    .flatMap(({ emoji, people }) => people.map((person) => ({ person, emoji })))
    .sort((a, b) => Number(b.person.is_me) - Number(a.person.is_me));
