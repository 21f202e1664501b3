// Sentences about pictures, clips and voice notes.
import type { Media, MediaKind, Person } from '$lib/api/types';
import { shortName, t } from '$lib/words/words';

/** "This picture comes when Ana’s machine is awake." */
export function awaySentence(kind: MediaKind, by: Person): string {
  if (by.is_me) return t('media.missing');
  const name = shortName(by.name);
  if (kind === 'clip') return t('media.away-clip', { name });
  return kind === 'voice' ? t('media.away-voice', { name }) : t('media.away-photo', { name });
}

/** What it is in words, for a button that opens it and for those who listen: what the author said of it, else its place. */
export function inWords(one: Pick<Media, 'kind' | 'alt' | 'caption'>, at: number, count: number): string {
  const said = one.alt || one.caption;
  if (said) return said;
  if (one.kind === 'clip') return t('media.clip');
  return count > 1 ? t('media.photo-nth', { n: at + 1, count }) : t('media.photo');
}

/** The one line a list shows for a message without words. */
export function inALine(media: readonly Pick<Media, 'kind'>[]): string {
  const kind = media[0]?.kind ?? 'photo';
  if (kind === 'clip') return t('media.clip');
  if (kind === 'voice') return t('media.voice');
  return t('media.photos', { n: media.length });
}
