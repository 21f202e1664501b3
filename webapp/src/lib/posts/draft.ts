// What is being written is kept twice: at once in this browser, and soon after on the machine.
import { drop, get, put } from '$lib/api/client';
import type { AudienceChoice, ChosenMedia, Draft } from '$lib/api/types';

const PREFIX = 'microsocial-draft:';
export const NEW_POST = 'new';

export interface Kept {
  text: string;
  audience: AudienceChoice | null;
  /** Uploads that the machine has, with what is said beside them. */
  media?: readonly ChosenMedia[];
  /** Days it stays; kept in this browser only. */
  days?: number;
}

const isEmpty = (draft: Kept): boolean => draft.text === '' && (draft.media ?? []).length === 0;

export function keepHere(key: string, draft: Kept): void {
  try {
    if (isEmpty(draft)) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(draft));
  } catch {
    // A full or closed storage: the machine still has it.
  }
}

export function keptHere(key: string): Kept | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + key) ?? 'null');
    return typeof value === 'object' && value !== null && 'text' in value ? (value as Kept) : null;
  } catch {
    return null;
  }
}

/** Which drafts the machine has, as far as this screen knows: nothing else needs taking away there. */
const there = new Set<string>();

let last: Promise<unknown> = Promise.resolve();

/** One after the other: a draft that is still on its way must not come back after it was cleared. */
export function keepThere(key: string, draft: Kept): Promise<void> {
  const now = last.then(() => keep(key, draft));
  last = now.catch(() => undefined);
  return now;
}

async function keep(key: string, draft: Kept): Promise<void> {
  const path = `/drafts/${encodeURIComponent(key)}`;
  if (!isEmpty(draft)) {
    const { text, audience, media = [] } = draft;
    await put(path, { text, audience: audience ?? { class: 'friends' }, media });
    there.add(key);
  } else if (there.delete(key)) {
    await drop(path);
  }
}

export async function keptThere(key: string): Promise<Kept | null> {
  const drafts = await get<Draft[]>('/drafts');
  for (const draft of drafts) there.add(draft.key);
  return drafts.find((draft) => draft.key === key) ?? null;
}

export function forgetDrafts(): void {
  try {
    Object.keys(localStorage)
      .filter((name) => name.startsWith(PREFIX))
      .forEach((name) => localStorage.removeItem(name));
  } catch {
    // Nothing was kept then.
  }
}
