// How long something said stays. It goes from every machine by itself when its time has come.
import { daysBetween, when } from '$lib/words/time';
import { t } from '$lib/words/words';

const DAY_MS = 86_400_000;

/** Days; 0 stays. */
export const LASTING = [0, 1, 7, 30] as const;

export const lastingName = (days: number): string =>
  days === 0 ? t('lasts.0') : days === 1 ? t('lasts.1') : days === 7 ? t('lasts.7') : t('lasts.30');

/** How long it was to stay, of what the machine kept: the same again when it is said anew. */
export const daysOf = (made: number, expires: number | null): number =>
  expires === null ? 0 : Math.max(0, expires - made) / DAY_MS;

/** The choice that comes nearest, and never stays longer. */
export const nearest = (days: number): number =>
  days > 0 ? (LASTING.findLast((one) => one > 0 && one <= days + 0.5) ?? 1) : 0;

export const expiry = (days: number, from: number): number | null =>
  days > 0 ? Math.round(from + days * DAY_MS) : null;

/** "Gone on Friday at 9:41". */
export const goneWhen = (expires: number, now: number = Date.now()): string =>
  daysBetween(now, expires) < 1 && expires <= now
    ? t('lasts.going')
    : t('lasts.gone', { when: when(expires, now) });
