import { describe, expect, it } from 'vitest';
import type { Person, Post } from '$lib/api/types';
import { ANYONE, labelFor, marked, sees } from '$lib/posts/seen';

const person = (id: string): Person => ({
  id,
  name: id,
  is_me: false,
  is_friend: true,
  hue: null,
  avatar: null,
  known_through: null,
});
const post = (audience: Post['audience']['class'], has: string[], waits: string[] = []) => ({
  audience: { class: audience, label: 'Family', circle: null, people: null },
  delivery: {
    sentence: '',
    delivered: has.map(person),
    waiting: waits.map((id) => ({ person: person(id), since: null, why: null })),
  },
});

describe('what others see of what I posted', () => {
  it('is what the machine says of each person, whether it has arrived or waits', () => {
    expect(sees('ana', post('friends', ['ana']))).toBe(true);
    expect(sees('ana', post('circle', ['ben'], ['ana']))).toBe(true);
    expect(sees('ana', post('friends', ['ben']))).toBe(false);
    expect(sees('ana', post('me', []))).toBe(false);
    expect(sees('ana', { ...post('friends', []), delivery: null })).toBe(false);
  });
  it('is for anyone only what was posted for anyone', () => {
    expect(sees(ANYONE, post('public', []))).toBe(true);
    expect(sees(ANYONE, post('friends', ['ana']))).toBe(false);
    expect(sees('ana', post('public', []))).toBe(true);
  });
  it('does not say how I call my circles', () => {
    expect(labelFor(post('circle', []).audience)).toBe('A circle');
    expect(labelFor(post('chosen', []).audience)).toBe('Chosen people');
  });
  it('shows words without their marks', () => {
    expect(marked('the **old** mill, *really* `old`, 2 * 3 * 4')).toEqual([
      { text: 'the ', as: null },
      { text: 'old', as: 'strong' },
      { text: ' mill, ', as: null },
      { text: 'really', as: 'em' },
      { text: ' ', as: null },
      { text: 'old', as: 'code' },
      { text: ', 2 * 3 * 4', as: null },
    ]);
    expect(marked('plain')).toEqual([{ text: 'plain', as: null }]);
    expect(marked('')).toEqual([]);
  });
});
