// How long something said stays. It goes from every machine by itself when its time has come.
import { daysBetween, when } from '$lib/words/time';
import { t } from '$lib/words/words';

const DAY_MS = 86_400_000;

/** Days; 0 stays. */
export const LASTING = [0, 1, 7, 30] as const;

export const lastingName = (days: number): string =>
  days === 0 ? t('lasts.0') : days === 1 ? t('lasts.1') : days === 7 ? t('lasts.7') : t('lasts.30');

export const expiry = (days: number, from: number): number | null => (days > 0 ? from + days * DAY_MS : null);

/** "Gone on Friday at 9:41". */
export const goneWhen = (expires: number, now: number = Date.now()): string =>
  daysBetween(now, expires) < 1 && expires <= now
    ? t('lasts.going')
    : t('lasts.gone', { when: when(expires, now) });
