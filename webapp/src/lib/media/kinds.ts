// What a file probably is, and what may stand together. The machine decides by looking; this is said before. Pure.
import type { MediaKind } from '$lib/api/types';
import { size, t } from '$lib/words/words';

const MEBIBYTE = 1024 * 1024;
/** The machine's own limits (docs/develop/api.md), so that nobody copies half an hour for a refusal. */
const LARGEST: Record<MediaKind, number> = {
  photo: 60 * MEBIBYTE,
  clip: 500 * MEBIBYTE,
  voice: 20 * MEBIBYTE,
};
export const MOST_PHOTOS = 10;
export const CAPTION_LENGTH = 2_000;
export const VOICE_SECONDS = 600;

/** What the two buttons ask the device for. */
export const ACCEPTED = {
  photo: 'image/*,.heic,.heif,.avif',
  clip: 'video/mp4,video/quicktime,video/webm,.mp4,.mov,.webm',
  any: 'image/*,.heic,.heif,.avif,video/mp4,video/quicktime,video/webm,.mp4,.mov,.webm',
} as const;

const ENDINGS: Record<MediaKind, RegExp> = {
  photo: /\.(jpe?g|png|webp|gif|avif|heic|heif)$/i,
  clip: /\.(mp4|m4v|mov|webm)$/i,
  voice: /\.(ogg|oga|opus|m4a|mp3|wav)$/i,
};

/** By what the device says, else by the name; null when it is nothing we could show. */
export function kindOf(file: Pick<File, 'type' | 'name'>): MediaKind | null {
  if (file.type.startsWith('image/')) return 'photo';
  if (file.type.startsWith('video/')) return 'clip';
  if (file.type.startsWith('audio/')) return 'voice';
  for (const kind of ['photo', 'clip', 'voice'] as const) if (ENDINGS[kind].test(file.name)) return kind;
  return null;
}

/** Why this file need not be sent at all; null when it may. */
export function objection(file: Pick<File, 'name' | 'size' | 'type'>, kind: MediaKind | null): string | null {
  const name = file.name || t('media.nameless');
  if (kind === null) return t('media.unknown', { name });
  if (file.size === 0) return t('media.empty', { name });
  if (file.size > LARGEST[kind]) return t('media.too-large', { name, most: size(LARGEST[kind]) });
  return null;
}

export type Fit = 'yes' | 'full' | 'mixed';

/** Up to ten photos, or one clip, or one voice note. */
export function fits(there: readonly MediaKind[], next: MediaKind): Fit {
  if (there.length === 0) return 'yes';
  if (next !== 'photo' || there.some((kind) => kind !== 'photo')) return 'mixed';
  return there.length < MOST_PHOTOS ? 'yes' : 'full';
}

/** "0:10", "12:05" */
export function minutes(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
