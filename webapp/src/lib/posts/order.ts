// Where posts stand in a list, newest first. Pure.
import type { Comment, Post } from '$lib/api/types';

/** The time a post stands at: when it was said, but never later than it came (a friend's clock may be ahead). */
export const shownAt = (post: Pick<Post, 'created' | 'received'>): number =>
  Math.min(post.created, post.received ?? post.created);

/** The list with one more id in its place; a post already there keeps its place. */
export function placed(ids: readonly string[], id: string, timeOf: (id: string) => number): string[] {
  if (ids.includes(id)) return [...ids];
  const time = timeOf(id);
  const at = ids.findIndex((other) => timeOf(other) < time);
  return at === -1 ? [...ids, id] : [...ids.slice(0, at), id, ...ids.slice(at)];
}

/** Comments as they are read: oldest first, each once, the newest version of each. */
export function threaded(...lists: readonly (readonly Comment[])[]): Comment[] {
  const byId = new Map<string, Comment>();
  for (const comment of lists.flat()) byId.set(comment.id, comment);
  return [...byId.values()].sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

/** After a silence: what is new, and what is gone from the stretch of time that the fresh page covers. */
export function compared(
  ids: readonly string[],
  fresh: readonly Pick<Post, 'id' | 'created' | 'received'>[],
  whole: boolean,
  timeOf: (id: string) => number,
): { arrived: string[]; gone: string[] } {
  const have = new Set(ids);
  const told = new Set(fresh.map((post) => post.id));
  const oldest = whole ? -Infinity : Math.min(...fresh.map(shownAt));
  return {
    arrived: fresh.filter((post) => !have.has(post.id)).map((post) => post.id),
    gone: ids.filter((id) => !told.has(id) && timeOf(id) > oldest),
  };
}
