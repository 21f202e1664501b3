import { describe, expect, test } from 'vitest';
import type { Comment, Message } from '$lib/api/types';
import { isInvite } from '$lib/friends/link';
import { parseHash } from '$lib/frame/route';
import { lines, merged } from '$lib/messages/order';
import { compared, placed, shownAt, threaded } from '$lib/posts/order';
import { rows } from '$lib/media/rows';
import { initial } from '$lib/ui/face';

const times: Record<string, number> = { a: 50, b: 40, c: 30, late: 35, new: 60 };
const timeOf = (id: string): number => times[id] ?? 0;

describe('the order of the feed', () => {
  test('what comes late stands where it belongs, not on top', () => {
    expect(placed(['a', 'b', 'c'], 'late', timeOf)).toEqual(['a', 'b', 'late', 'c']);
    expect(placed(['a', 'b', 'c'], 'new', timeOf)).toEqual(['new', 'a', 'b', 'c']);
    expect(placed([], 'a', timeOf)).toEqual(['a']);
  });
  test('nothing stands there twice', () => {
    expect(placed(['a', 'b'], 'b', timeOf)).toEqual(['a', 'b']);
  });
  test('a friend whose clock is ahead does not sit on top for ever', () => {
    expect(shownAt({ created: 900, received: 100 })).toBe(100);
    expect(shownAt({ created: 50, received: 100 })).toBe(50);
    expect(shownAt({ created: 50, received: null })).toBe(50);
  });
  test('after a silence the new is found, and the deleted within the same stretch', () => {
    const post = (id: string): { id: string; created: number; received: null } => ({
      id,
      created: timeOf(id),
      received: null,
    });
    expect(compared(['a', 'b', 'c'], [post('new'), post('a'), post('late')], false, timeOf)).toEqual({
      arrived: ['new', 'late'],
      gone: ['b'],
    });
    expect(compared(['a', 'b'], [post('a')], true, timeOf)).toEqual({ arrived: [], gone: ['b'] });
    expect(compared(['a'], [], true, timeOf)).toEqual({ arrived: [], gone: ['a'] });
  });
  test('a thread reads from the oldest, newest version of each', () => {
    const comment = (id: string, created: number, text: string): Comment =>
      ({ id, created, text }) as Comment;
    const thread = threaded([comment('x', 2, 'old'), comment('y', 1, 'first')], [comment('x', 2, 'edited')]);
    expect(thread.map((one) => one.text)).toEqual(['first', 'edited']);
  });
});

describe('the order of a conversation', () => {
  const said = (id: string, from_me: boolean, created: number, sentence = ''): Message =>
    ({ id, from_me, created, sentence }) as Message;
  const noon = new Date(2026, 10, 20, 12).getTime();

  test('pages join without repeats, oldest first', () => {
    expect(
      merged([said('b', true, 2), said('a', true, 1)], [said('b', true, 2)]).map((one) => one.id),
    ).toEqual(['a', 'b']);
  });
  test('a day stands before its first words, a note where it happened', () => {
    const all = lines(
      [said('a', true, noon), said('b', false, noon + 86_400_000)],
      [{ sentence: 'Cleared', created: noon + 1 }],
    );
    expect(all.map((line) => line.kind)).toEqual(['day', 'message', 'note', 'day', 'message']);
  });
  test('the words under a bubble stand once at the end of a turn, or where delivery differs', () => {
    const all = lines(
      [
        said('a', true, noon, 'has it'),
        said('b', true, noon + 1, 'has it'),
        said('c', true, noon + 2, 'asleep'),
        said('d', false, noon + 3),
      ],
      [],
    );
    expect(all.flatMap((line) => (line.kind === 'message' ? [line.endsTurn] : []))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe('small things that must not be wrong', () => {
  test('an address of the app is read, a secret one too', () => {
    expect(parseHash('').name).toBe('feed');
    expect(parseHash('#/post/abc')).toMatchObject({ name: 'post', id: 'abc' });
    expect(parseHash('#setup=t0k')).toMatchObject({ name: '', id: null });
    expect(parseHash('#setup=t0k').params.get('setup')).toBe('t0k');
    expect(
      parseHash(`#/invite?link=${encodeURIComponent('https://a.example/i#b.c')}`).params.get('link'),
    ).toBe('https://a.example/i#b.c');
    expect(parseHash('#/post/%E0%A4%A').id).toBe('%E0%A4%A');
  });
  test('an invite is told from an address', () => {
    expect(isInvite(' https://ben.example/i#abc.def ')).toBe(true);
    expect(isInvite('web+microsocial://ben.example/i#abc.def')).toBe(true);
    expect(isInvite('https://ben.example/')).toBe(false);
    expect(isInvite('ben.example')).toBe(false);
    expect(isInvite('javascript:alert(1)#x')).toBe(false);
  });
  test('photographs share rows by their shape, none is lost', () => {
    const wide = { width: 16, height: 9 };
    const tall = { width: 3, height: 4 };
    expect(rows([wide]).length).toBe(1);
    expect(rows([wide, wide, tall]).map((row) => row.length)).toEqual([1, 2]);
    expect(rows([tall, tall, tall, tall]).map((row) => row.length)).toEqual([4]);
    expect(rows(Array.from({ length: 10 }, () => wide)).flat()).toHaveLength(10);
  });
  test('a face without a picture bears the whole first letter', () => {
    expect(initial('elif')).toBe('E');
    expect(initial('נועה')).toBe('נ');
    expect(initial('👩‍🌾 Farm')).toBe('👩‍🌾');
    expect(initial('  ')).toBe('·');
  });
});
