// Moments in words. `now` is handed in where it matters, so that these stay pure.
import { locale, t } from './words';

const DAY_MS = 86_400_000;

const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);

/** Whole days between two moments as a calendar counts them: yesterday evening is 1. */
export const daysBetween = (earlier: number, later: number): number =>
  Math.round((midnight(later) - midnight(earlier)) / DAY_MS);

const format = (ms: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale(), options).format(ms);

/** "14:20" */
export const clock = (ms: number): string => format(ms, { hour: 'numeric', minute: '2-digit' });

/** "4 March", with the year when it is another one. */
export function date(ms: number, now: number = Date.now()): string {
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return format(ms, { day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) });
}

/** "2026-11-21", as a field for a day holds it. */
export const asDay = (ms: number): string => {
  const at = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
};

/** "21 November 2026" */
export const fullDate = (ms: number): string =>
  format(ms, { day: 'numeric', month: 'long', year: 'numeric' });

/** "Today", "Yesterday", "Thursday", "4 March": what stands between two days of a list. */
export function day(ms: number, now: number = Date.now()): string {
  const days = daysBetween(ms, now);
  if (days <= 0) return t('time.today');
  if (days === 1) return t('time.yesterday');
  return days < 7 ? format(ms, { weekday: 'long' }) : date(ms, now);
}

/** "Just now", "14:20", "Yesterday 18:10", "4 March 18:10": one moment, said as shortly as it can be. */
export function moment(ms: number, now: number = Date.now()): string {
  if (now - ms < 60_000 && now >= ms) return t('time.now');
  if (daysBetween(ms, now) <= 0) return clock(ms);
  return `${day(ms, now)} ${clock(ms)}`;
}

/** "14:20", "Yesterday", "Thu", "2 Nov": the edge of a list. */
export function short(ms: number, now: number = Date.now()): string {
  const days = daysBetween(ms, now);
  if (days <= 0) return clock(ms);
  if (days === 1) return t('time.yesterday');
  if (days < 7) return format(ms, { weekday: 'short' });
  return format(ms, { day: 'numeric', month: 'short' });
}

/** In the middle of a sentence, of what was and of what comes: "today at 14:20", "on Thursday at 9:41", "on 4 March". */
export function when(ms: number, now: number = Date.now()): string {
  const days = daysBetween(ms, now);
  const at = clock(ms);
  if (days === 0) return t('time.today-at', { at });
  if (days === 1) return t('time.yesterday-at', { at });
  if (days === -1) return t('time.tomorrow-at', { at });
  if (Math.abs(days) < 7) return t('time.weekday-at', { day: format(ms, { weekday: 'long' }), at });
  return t('time.on', { date: date(ms, now) });
}

/** After "since": the hour alone is enough for today. */
export const since = (ms: number, now: number = Date.now()): string =>
  daysBetween(ms, now) === 0 ? clock(ms) : when(ms, now);
