// Posts between "Post" and the machine's answer. They show at once, and nothing of them is lost when it fails.
import { freshKey, post as send } from '$lib/api/client';
import { sentence } from '$lib/api/problems';
import type { Audience, AudienceChoice, Post } from '$lib/api/types';
import type { Tray } from '$lib/media/tray.svelte';
import { book } from './book.svelte';
import { keepThere, NEW_POST } from './draft';

export interface Outgoing {
  key: string;
  text: string;
  choice: AudienceChoice;
  audience: Audience;
  /** Its files, all of them ready. */
  tray: Tray;
  created: number;
  wrong: string | null;
}

const alike = (one: string, other: string): boolean =>
  one.normalize().replace(/\s+/g, ' ') === other.normalize().replace(/\s+/g, ' ');

class Outbox {
  items = $state<Outgoing[]>([]);
  /** Told the id of each post that was taken. */
  onPosted: (id: string) => void = () => undefined;

  /** Whether it is one of these, told to somebody else before it was answered to us. It stands here until then. */
  isSaying = (post: Post): boolean =>
    post.author.is_me && this.items.some((item) => item.wrong === null && alike(item.text, post.text));

  async say(text: string, choice: AudienceChoice, audience: Audience, tray: Tray): Promise<void> {
    const item: Outgoing = {
      key: freshKey(),
      text,
      choice,
      audience,
      tray,
      created: Date.now(),
      wrong: null,
    };
    this.items = [item, ...this.items];
    await this.retry(item.key);
  }

  async retry(key: string): Promise<void> {
    const item = this.items.find((other) => other.key === key);
    if (!item) return;
    this.#mark(key, null);
    try {
      const { text, choice, tray } = item;
      const media = tray.chosen();
      const id = book.take(await send<Post>('/posts', { text, audience: choice, media, key }));
      book.settle();
      this.drop(key)?.tray.release();
      this.onPosted(id);
      void keepThere(NEW_POST, { text: '', audience: null }).catch(() => undefined);
    } catch (thrown) {
      this.#mark(key, sentence(thrown));
    }
  }

  drop(key: string): Outgoing | undefined {
    const item = this.items.find((other) => other.key === key);
    this.items = this.items.filter((other) => other.key !== key);
    return item;
  }

  #mark(key: string, wrong: string | null): void {
    this.items = this.items.map((item) => (item.key === key ? { ...item, wrong } : item));
  }
}

export const outbox = new Outbox();
