import { describe, expect, test } from 'vitest';
import { daysOf, expiry, nearest } from '$lib/posts/lasting';
import { clock, day, daysBetween, moment, short, when } from '$lib/words/time';

const at = (month: number, date: number, hours: number, minutes = 0): number =>
  new Date(2026, month - 1, date, hours, minutes).getTime();
const now = at(11, 21, 14, 20); // a Saturday

describe('moments in words', () => {
  test('a calendar day begins at midnight, not 24 hours ago', () => {
    expect(daysBetween(at(11, 20, 23, 59), at(11, 21, 0, 1))).toBe(1);
    expect(daysBetween(at(11, 21, 0, 1), now)).toBe(0);
  });
  test('the day a clock changes is still one day', () => {
    expect(daysBetween(at(3, 28, 12), at(3, 30, 12))).toBe(2);
    expect(daysBetween(at(10, 24, 12), at(10, 26, 12))).toBe(2);
  });
  test('days have names near by and dates further off', () => {
    expect(day(now, now)).toBe('Today');
    expect(day(at(11, 20, 9), now)).toBe('Yesterday');
    expect(day(at(11, 18, 9), now)).toBe('Wednesday');
    expect(day(at(11, 2, 9), now)).toBe('2 November');
    expect(day(new Date(2024, 2, 4).getTime(), now)).toBe('4 March 2024');
  });
  test('a moment says as little as it can', () => {
    expect(moment(now - 5_000, now)).toBe('Just now');
    expect(moment(at(11, 21, 9, 41), now)).toBe(clock(at(11, 21, 9, 41)));
    expect(moment(at(11, 20, 18, 10), now)).toBe(`Yesterday ${clock(at(11, 20, 18, 10))}`);
  });
  test('a clock that is ahead never says anything odd', () => {
    expect(day(now + 40_000, now)).toBe('Today');
    expect(moment(now + 40_000, now)).toBe(clock(now + 40_000));
  });
  test('the edge of a list is short', () => {
    expect(short(at(11, 20, 9), now)).toBe('Yesterday');
    expect(short(at(11, 2, 9), now)).toBe('2 Nov');
  });
  test('in a sentence it reads as a sentence', () => {
    expect(when(at(11, 21, 13, 5), now)).toBe('today at 13:05');
    expect(when(at(11, 2, 9), now)).toBe('on 2 November');
    expect(when(at(11, 22, 9), now)).toBe(`tomorrow at ${clock(at(11, 22, 9))}`);
    expect(when(at(11, 28, 9), now)).toBe('on 28 November');
  });
});

describe('how long something stays', () => {
  const made = at(11, 21, 14, 20);
  test('is the same again when the machine kept it', () => {
    expect(daysOf(made, null)).toBe(0);
    expect(expiry(daysOf(made, made + 7 * 86_400_000), now)).toBe(now + 7 * 86_400_000);
    expect(expiry(daysOf(made, made - 1), now)).toBeNull();
  });
  test('is never longer than it was when it has to be one of the choices', () => {
    expect([0, 0.2, 1, 6.4, 6.9, 7, 29, 30, 400].map(nearest)).toEqual([0, 1, 1, 1, 7, 7, 7, 30, 30]);
  });
});
