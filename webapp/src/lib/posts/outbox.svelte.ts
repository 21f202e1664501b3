// Posts between "Post" and the machine's answer, and those that wait there for their files. They show at once, and
// nothing of them is lost when it fails.
import { drop, freshKey, get, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import { Problem, sentence } from '$lib/api/problems';
import type { AudienceChoice, Post, SaidWhenReady } from '$lib/api/types';
import { Tray } from '$lib/media/tray.svelte';
import { book } from './book.svelte';
import { keepThere, NEW_POST } from './draft';
import { daysOf, expiry } from './lasting';

export interface Outgoing {
  key: string;
  text: string;
  choice: AudienceChoice;
  tray: Tray;
  /** Days it stays; 0 for good. */
  days: number;
  created: number;
  /** The machine has it and posts it by itself when its files are prepared, unless something is wrong with them. */
  waits: boolean;
  wrong: string | null;
}

const alike = (one: string, other: string): boolean =>
  one.normalize().replace(/\s+/g, ' ') === other.normalize().replace(/\s+/g, ' ');

class Outbox {
  items = $state<Outgoing[]>([]);
  /** Told the id of each post that was taken. */
  onPosted: (id: string) => void = () => undefined;

  constructor() {
    live.on('waiting.changed', ({ waiting }) => {
      if (waiting.kind === 'post') this.#know(waiting);
    });
    live.on('waiting.ended', ({ kind, key, id }) => {
      if (kind === 'post') void this.#ended(key, id);
    });
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  /** Whether it is one of these, told to somebody else before it was answered to us. It stands here until then. */
  isSaying = (post: Post): boolean =>
    post.author.is_me && this.items.some((item) => item.wrong === null && alike(item.text, post.text));

  /** What waits on the machine, also since another day or on another device. */
  async load(): Promise<void> {
    const told = await get<SaidWhenReady[]>('/posts/waiting');
    const there = new Set(told.map(({ key }) => key));
    for (const { key, waits } of this.items) if (waits && !there.has(key)) this.drop(key)?.tray.release();
    told.forEach((waiting) => this.#know(waiting));
  }

  async say(text: string, choice: AudienceChoice, tray: Tray, days = 0): Promise<void> {
    const key = freshKey();
    const item = { key, text, choice, tray, days, created: Date.now(), waits: false, wrong: null };
    this.items = [item, ...this.items];
    await this.retry(key);
  }

  async retry(key: string): Promise<void> {
    const item = this.items.find((other) => other.key === key);
    if (!item) return;
    this.#mark(key, { wrong: null });
    try {
      const { text, choice, tray, days } = item;
      const expires = expiry(days, Date.now());
      const asked = { text, audience: choice, media: tray.chosen(), key, ...(expires ? { expires } : {}) };
      const told = await send<Post | SaidWhenReady>('/posts', asked);
      if ('key' in told) this.#mark(key, { waits: true });
      else this.#posted(key, book.take(told));
      void keepThere(NEW_POST, { text: '', audience: null }).catch(() => undefined);
    } catch (thrown) {
      this.#mark(key, { wrong: sentence(thrown) });
    }
  }

  /** Not said after all, and whether that was still possible: it may have gone out this moment. */
  async takeBack(key: string): Promise<boolean> {
    if (!this.#isWaiting(key)) return true;
    try {
      await drop(`/posts/waiting/${key}`);
      return true;
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.status === 404) return false;
      throw thrown;
    }
  }

  drop(key: string): Outgoing | undefined {
    const item = this.items.find((other) => other.key === key);
    this.items = this.items.filter((other) => other.key !== key);
    return item;
  }

  #isWaiting = (key: string): boolean => this.items.some((item) => item.key === key && item.waits);

  #posted(key: string, id: string): void {
    book.settle();
    this.drop(key)?.tray.release();
    this.onPosted(id);
  }

  #know(waiting: SaidWhenReady): void {
    const { key, text, made } = waiting;
    const wrong = waiting.state === 'refused' ? waiting.sentence : null;
    if (this.items.some((item) => item.key === key)) {
      this.#mark(key, { waits: true, wrong });
      return;
    }
    const choice = waiting.audience ?? { class: 'me' };
    const days = daysOf(made, waiting.expires);
    const item = { key, text, choice, tray: Tray.of(waiting), days, created: made, waits: true, wrong };
    this.items = [...this.items, item].sort((one, other) => other.created - one.created);
  }

  async #ended(key: string, id: string | null): Promise<void> {
    if (id === null) {
      if (this.#isWaiting(key)) this.drop(key)?.tray.release();
      return;
    }
    const isHere = book.find(id) ?? (await book.fetch(id).catch(() => null));
    if (isHere) this.#posted(key, id);
    else this.drop(key)?.tray.release();
  }

  #mark(key: string, changes: Partial<Outgoing>): void {
    this.items = this.items.map((item) => (item.key === key ? { ...item, ...changes } : item));
  }
}

export const outbox = new Outbox();
