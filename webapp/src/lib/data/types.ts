// What the machine says about the owner's data (docs/develop/api.md, "Your data").
import type { Media, Person } from '$lib/api/types';

export interface Work {
  id: string;
  kind: 'export' | 'import' | 'backup' | 'rehearsal' | 'purge';
  state: 'running' | 'done' | 'failed' | 'stopped';
  done: number;
  /** 0: nobody knows yet. */
  total: number;
  sentence: string;
  started: number;
  ended: number | null;
}

export type Every = 'day' | 'week' | 'off';

export interface Backups {
  folder: string | null;
  every: Every;
  keep: string;
  last: { made: number; bytes: number; sentence: string } | null;
  next: number | null;
  trouble: string | null;
  rehearsal: { made: number; fine: boolean; sentence: string } | null;
  snapshots: { id: string; made: number; bytes: number | null }[];
}

export interface Part {
  kind: string;
  sentence: string;
  count: number;
  bytes: number;
}

export interface Room {
  database: number;
  mine: number;
  friends: number;
  ceiling: number;
  kinds: Part[];
  would_free: Freed[];
}

/** What could go, and how much room that would give. */
export interface Freed {
  what: 'media-unseen' | 'media' | 'copies';
  sentence: string;
  count: number;
  bytes: number;
}

export type Purged = 'posts' | 'comments' | 'messages' | 'friends-posts' | 'media' | 'copies';

export interface Purge {
  count: number;
  bytes: number;
  sentence: string;
}

export interface Move {
  state: 'here' | 'moved';
  address: string;
  sentence: string;
}

export interface Leaving {
  state: 'no' | 'telling' | 'told';
  removed: number;
  of: number;
  sentence: string;
  waiting: { person: Person; since: number }[];
}

export interface MyKeys {
  number: number;
  events: { number: number; reason: 'planned' | 'stolen'; sentence: string }[];
  theft: { state: 'none' | 'listing' | 'asking' | 'over'; waiting: Person[]; sentence: string };
  stopped: string | null;
}

export interface Foreign {
  id: string;
  kind:
    'post' | 'comment' | 'reaction' | 'message' | 'profile' | 'address' | 'clear' | 'removal' | 'deletion';
  text: string;
  html: string;
  created: number;
  from: Person[];
  replaced: boolean;
  post: string | null;
  media: Media[];
}

/** All at once, by when it says it was said. */
export type ByDayAsked = { mine_before: number } | { not_mine_from: number };

export interface Decided {
  mine: number;
  not_mine: number;
  left: number;
  sentence: string;
}
