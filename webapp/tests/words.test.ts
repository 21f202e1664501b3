import { describe, expect, test } from 'vitest';
import { en } from '$lib/words/en';
import { has, list, pieces, shortName, size, some, t } from '$lib/words/words';

describe('the catalogue', () => {
  test('fills the slots of a sentence', () => {
    expect(t('feed.end', { when: 'Sunday 18:10' })).toBe('That is everything since Sunday 18:10.');
  });
  test('chooses the form by the number', () => {
    expect(t('write.post-friends', { n: 1 })).toBe('Post to 1 friend');
    expect(t('write.post-friends', { n: 12 })).toBe('Post to 12 friends');
  });
  test('puts what people wrote in as it is, slots of theirs included', () => {
    expect(t('door.welcome', { name: '{n} $& <b>' })).toBe('Welcome back, {n} $& <b>');
  });
  test('cuts a sentence where something richer stands', () => {
    expect(pieces('write.tip-post')).toEqual([{ slot: 'keys' }, { text: ' posts.' }]);
  });
  test('knows which sentences there are, and nothing of objects in general', () => {
    expect(has('problem.offline')).toBe(true);
    expect(has('problem.toString')).toBe(false);
    expect(has('toString')).toBe(false);
  });
  test('uses no words that belong to machines, and no straight quotes', () => {
    for (const [key, entry] of Object.entries(en)) {
      const text = typeof entry === 'string' ? entry : Object.values(entry).join(' ');
      expect(text, key).not.toMatch(/\b([Nn]ode|[Pp]eer|[Ff]ederat|DID|[Ss]erver|[Ss]ync|API)/);
      expect(text, key).not.toMatch(/['"]/);
    }
  });
});

describe('lists and sizes', () => {
  test('few names are all said, many are not', () => {
    expect(list(['Ben', 'Cem', 'Grandma'])).toBe('Ben, Cem and Grandma');
    expect(some(['Ben', 'Cem', 'Elif', 'Dana'])).toBe('Ben, Cem, Elif and Dana');
    expect(some(['Ben', 'Cem', 'Elif', 'Dana', 'Noa'])).toBe('Ben, Cem, Elif and 2 more');
  });
  test('a short name is the first word in any script', () => {
    expect(shortName('Maximiliane von Hohenberg')).toBe('Maximiliane');
    expect(shortName(' ليلى حدّاد ')).toBe('ليلى');
  });
  test('bytes are said as people say them', () => {
    expect(size(0)).toBe('0 bytes');
    expect(size(48_200_000)).toBe('48.2 MB');
    expect(size(999)).toBe('999 bytes');
  });
});
