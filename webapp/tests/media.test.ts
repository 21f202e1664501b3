import { describe, expect, test } from 'vitest';
import { hashOf } from '$lib/media/blobs.svelte';
import { fits, kindOf, minutes, MOST_PHOTOS, objection } from '$lib/media/kinds';
import { ratio, rows, sources } from '$lib/media/rows';
import { inALine, inWords } from '$lib/media/said';

const file = (name: string, type = '', size = 1000): Pick<File, 'name' | 'type' | 'size'> => ({
  name,
  type,
  size,
});

describe('what a file is', () => {
  test('the device says it, else the name does, else nobody knows', () => {
    expect(kindOf(file('a.bin', 'image/heic'))).toBe('photo');
    expect(kindOf(file('IMG_1.HEIC'))).toBe('photo');
    expect(kindOf(file('walk.MOV'))).toBe('clip');
    expect(kindOf(file('note.webm', 'audio/webm'))).toBe('voice');
    expect(kindOf(file('letter.pdf', 'application/pdf'))).toBeNull();
  });
  test('what could never be taken is said before a byte is sent, and names the file', () => {
    expect(objection(file('letter.pdf'), null)).toContain('letter.pdf');
    expect(objection(file('a.jpg', '', 0), 'photo')).toContain('empty');
    expect(objection(file('a.jpg', '', 61 * 1024 * 1024), 'photo')).toContain('too large');
    expect(objection(file('a.mov', '', 61 * 1024 * 1024), 'clip')).toBeNull();
  });
  test('ten photos, or one clip, or one voice note', () => {
    expect(fits([], 'clip')).toBe('yes');
    expect(fits(['photo'], 'photo')).toBe('yes');
    expect(fits(['photo'], 'clip')).toBe('mixed');
    expect(fits(['clip'], 'clip')).toBe('mixed');
    expect(fits(['voice'], 'photo')).toBe('mixed');
    expect(
      fits(
        Array.from({ length: MOST_PHOTOS }, () => 'photo' as const),
        'photo',
      ),
    ).toBe('full');
  });
  test('lengths are said in minutes and seconds', () => {
    expect(minutes(10_400)).toBe('0:10');
    expect(minutes(725_000)).toBe('12:05');
    expect(minutes(-5)).toBe('0:00');
  });
});

describe('how pictures stand', () => {
  const wide = { width: 16, height: 9 };
  const tall = { width: 3, height: 4 };
  test('the order is kept and none is lost, however many', () => {
    for (let count = 0; count <= 10; count++) {
      const all = Array.from({ length: count }, (_, n) => ({ ...(n % 3 ? wide : tall), n }));
      expect(
        rows(all)
          .flat()
          .map(({ n }) => n),
      ).toEqual(all.map(({ n }) => n));
    }
  });
  test('no row is so low that one sees nothing, nor higher than a window', () => {
    for (const all of [
      [wide, wide],
      [tall, tall, tall],
      Array.from({ length: 10 }, () => wide),
      [wide, tall, wide, tall, wide],
    ])
      for (const row of [...rows(all), ...rows(all, true)]) {
        const sum = row.reduce((total, one) => total + ratio(one), 0);
        expect(sum).toBeGreaterThan(1.3);
        expect(sum).toBeLessThan(4.5);
      }
  });
  test('without a known shape a picture is square', () => {
    expect(ratio({ width: 0, height: 10 })).toBe(1);
  });
  test('the browser chooses among the sizes by their width', () => {
    const size = (url: string, width: number) => ({
      url,
      width,
      height: 1,
      type: '',
      role: 'small' as const,
      bytes: 1,
    });
    expect(sources([size('a', 480), size('b', 960)])).toBe('a 480w, b 960w');
  });
});

describe('how pictures are told', () => {
  const one = { kind: 'photo' as const, alt: '', caption: '' };
  test('by what the author wrote, else by their place', () => {
    expect(inWords({ ...one, alt: 'A cat' }, 0, 3)).toBe('A cat');
    expect(inWords({ ...one, caption: 'Paprika' }, 0, 3)).toBe('Paprika');
    expect(inWords(one, 1, 3)).toBe('Photo 2 of 3');
    expect(inWords(one, 0, 1)).toBe('A photo');
  });
  test('in one line of a list', () => {
    expect(inALine([{ kind: 'photo' }, { kind: 'photo' }])).toBe('2 photos');
    expect(inALine([{ kind: 'clip' }])).toBe('A clip');
  });
  test('a file is known by the end of its address', () => {
    expect(hashOf('/api/v1/blobs/AbC-_1')).toBe('AbC-_1');
    expect(hashOf('/media/AbC.webp?x=1')).toBe('AbC');
  });
});
