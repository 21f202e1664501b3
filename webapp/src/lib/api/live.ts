// What happens, as it happens: server-sent events from my own machine, and coming back after silence.
import type { Leaving, Work } from '$lib/data/types';
import type { Comment, Friend, Message, Notice, Post, Reaction, SaidWhenReady, Upload } from './types';

export interface LiveEvents {
  'post.arrived': { post: Post };
  'post.changed': { post: Post };
  'post.deleted': { id: string };
  'comment.arrived': { comment: Comment; post: string };
  'comment.deleted': { id: string; post: string };
  'reaction.changed': { post: string; reactions: Reaction[] };
  'message.arrived': { message: Message };
  'message.changed': { message: Message };
  'message.deleted': { id: string; friend: string };
  'messages.cleared': { friend: string; sentence: string };
  'friend.arrived': { friend: Friend };
  'friend.changed': { friend: Friend };
  'friend.ended': { friend: string; sentence: string };
  'request.arrived': { friend: Friend };
  'delivery.changed': { friend: string; sentence: string };
  'notice.arrived': { notice: Notice };
  'session.ended': Record<string, never>;
  'media.changed': { media: Upload };
  'waiting.changed': { waiting: SaidWhenReady };
  /** Said, and as which post or message; null when it was taken back. */
  'waiting.ended': { kind: 'post' | 'message'; key: string; friend: string | null; id: string | null };
  'blob.arrived': { hash: string };
  'trouble.changed': { trouble: string | null };
  'copy.stopped': { sentence: string };
  'copy.continued': Record<string, never>;
  'work.changed': { work: Work };
  'leaving.changed': { leaving: Leaving };
  /** Ours: the line was cut or the machine lost count, so what is on screen must be fetched again. */
  resync: Record<string, never>;
}
export type LiveName = keyof LiveEvents;
type Listener<N extends LiveName> = (payload: LiveEvents[N]) => void;

export const LIVE_NAMES: readonly Exclude<LiveName, 'resync'>[] = [
  'post.arrived',
  'post.changed',
  'post.deleted',
  'comment.arrived',
  'comment.deleted',
  'reaction.changed',
  'message.arrived',
  'message.changed',
  'message.deleted',
  'messages.cleared',
  'friend.arrived',
  'friend.changed',
  'friend.ended',
  'request.arrived',
  'delivery.changed',
  'notice.arrived',
  'session.ended',
  'media.changed',
  'waiting.changed',
  'waiting.ended',
  'blob.arrived',
  'trouble.changed',
  'copy.stopped',
  'copy.continued',
  'work.changed',
  'leaving.changed',
];

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const OPENING_MS = 800; // as long as a first screen may wait for the line

/** The part of EventSource used here, so that a test can be the other side. */
export interface Line {
  addEventListener(name: string, heard: (event: MessageEvent<string>) => void): void;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  close(): void;
}

/** 1 s, 2 s, 4 s … 30 s, each shortened by up to a quarter so that tabs do not come back in step. */
export const waitBefore = (attempt: number, random: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (1 - random / 4);

export class Live {
  #open: () => Line;
  #listeners = new Map<LiveName, Set<(payload: never) => void>>();
  #line: Line | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #attempt = 0;
  #wasOpen = false;
  #opened: () => void = () => undefined;
  /** Told true and false as the line comes and goes. */
  onState: (connected: boolean) => void = () => undefined;

  constructor(open: () => Line = () => new EventSource('/api/v1/events')) {
    this.#open = open;
  }

  on<N extends LiveName>(name: N, listener: Listener<N>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  start(): void {
    if (!this.#line && !this.#timer) this.#connect();
  }

  /**
   * Resolves when the line is open: what is asked from then on misses nothing that happens. A line that takes long is
   * not waited for; when it comes, everything is asked again.
   */
  ready(): Promise<void> {
    if (this.#wasOpen) return Promise.resolve();
    return new Promise((done) => {
      const timer = setTimeout(() => {
        this.#wasOpen = true;
        done();
      }, OPENING_MS);
      this.#opened = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#line?.close();
    this.#line = null;
    this.#attempt = 0;
    this.#wasOpen = false;
  }

  /** Do not wait any longer: the person is looking, or the network came back. */
  hurry(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#connect();
  }

  #connect(): void {
    this.#timer = null;
    const line = this.#open();
    this.#line = line;
    line.onopen = () => {
      this.#attempt = 0;
      if (this.#wasOpen) this.#tell('resync', {});
      this.#wasOpen = true;
      this.#opened();
      this.onState(true);
    };
    // EventSource tries again by itself for some failures and never for others; we always do, with our own waits.
    line.onerror = () => {
      line.close();
      if (this.#line !== line) return;
      this.#line = null;
      this.onState(false);
      this.#timer = setTimeout(() => this.#connect(), waitBefore(this.#attempt++, Math.random()));
    };
    line.addEventListener('resync', () => this.#tell('resync', {}));
    for (const name of LIVE_NAMES) {
      line.addEventListener(name, (event) => {
        const payload = parse(event.data);
        if (payload) this.#tell(name, payload as LiveEvents[typeof name]);
      });
    }
  }

  #tell<N extends LiveName>(name: N, payload: LiveEvents[N]): void {
    this.#listeners.get(name)?.forEach((listener) => {
      (listener as Listener<N>)(payload);
    });
  }
}

function parse(data: string): object | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

export const live = new Live();
