// What I read: chronological, finite. What arrives waits until it is asked for.
import { get, post as send, query } from '$lib/api/client';
import { live } from '$lib/api/live';
import { sentence } from '$lib/api/problems';
import type { FeedPage, Person, Post } from '$lib/api/types';
import { announcer } from '$lib/frame/announce.svelte';
import { book } from '$lib/posts/book.svelte';
import { compared, placed } from '$lib/posts/order';
import { outbox } from '$lib/posts/outbox.svelte';
import { once, spoken } from '$lib/ui/people';
import { some, t } from '$lib/words/words';

const PAGE = 20;

class Feed {
  ids = $state<string[]>([]);
  /** Arrived, not yet shown: "3 new". */
  fresh = $state<string[]>([]);
  isLoaded = $state(false);
  isLooking = $state(false);
  end = $state(false);
  wrong = $state<string | null>(null);
  #cursor: string | null = null;

  constructor() {
    live.on('post.arrived', ({ post }) => this.#arrived(post));
    live.on('post.deleted', ({ id }) => this.forget(id));
    live.on('resync', () => void this.refresh());
    outbox.onPosted = (id) => {
      this.ids = placed(this.ids, id, book.timeOf);
    };
  }

  get freshPeople(): Person[] {
    return once(this.fresh.flatMap((id) => book.find(id)?.author ?? []));
  }

  async load(): Promise<void> {
    if (this.isLoaded || this.isLooking) return;
    await this.#page(null);
    this.#read();
  }

  more = (): Promise<void> => this.#page(this.#cursor);

  async #page(cursor: string | null): Promise<void> {
    this.isLooking = true;
    this.wrong = null;
    try {
      const page = await get<FeedPage>(`/feed${query({ limit: PAGE, cursor })}`);
      const ids = page.items.map((post) => book.take(post));
      this.ids = cursor === null ? ids : [...this.ids, ...ids.filter((id) => !this.ids.includes(id))];
      this.#cursor = page.cursor;
      this.end = page.end;
      this.isLoaded = true;
    } catch (thrown) {
      this.wrong = sentence(thrown);
    } finally {
      this.isLooking = false;
    }
  }

  /** After a silence: fetch the newest again, keep the place of the reader. */
  async refresh(): Promise<void> {
    if (!this.isLoaded) return this.load();
    try {
      const page = await get<FeedPage>(`/feed${query({ limit: PAGE })}`);
      const { arrived, gone } = compared([...this.ids, ...this.fresh], page.items, page.end, book.timeOf);
      page.items.forEach((post) => book.take(post));
      gone.forEach((id) => this.forget(id));
      for (const id of arrived) this.#hold(id);
    } catch {
      // Still silent; the line tells when to try again.
    }
  }

  showFresh(): void {
    for (const id of this.fresh) this.ids = placed(this.ids, id, book.timeOf);
    this.fresh = [];
    this.#read();
  }

  forget(id: string): void {
    this.ids = this.ids.filter((other) => other !== id);
    this.fresh = this.fresh.filter((other) => other !== id);
  }

  #arrived(post: Post): void {
    const known = this.ids.includes(post.id) || this.fresh.includes(post.id);
    book.take(post);
    // My own post from this very screen: the outbox puts it in its place when the machine has answered.
    if (outbox.isSaying(post)) return;
    if (!this.isLoaded || known) return;
    this.#hold(post.id);
    if (!post.author.is_me) this.#announce();
  }

  #hold(id: string): void {
    // In an empty room nothing can jump, and my own words need no announcement.
    if (this.ids.length === 0 || book.find(id)?.author.is_me) this.ids = placed(this.ids, id, book.timeOf);
    else this.fresh = placed(this.fresh, id, book.timeOf);
  }

  #announce(): void {
    if (this.fresh.length === 0) return;
    const names = some(this.freshPeople.map(spoken), 2);
    announcer.say(t('feed.announce', { n: this.fresh.length, names }));
  }

  #read(): void {
    const newest = this.ids[0];
    if (newest) void send('/feed/read', { until: book.timeOf(newest) }).catch(() => undefined);
  }
}

export const feed = new Feed();
