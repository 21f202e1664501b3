// Private conversations. One store, so that a message arriving anywhere is in its place everywhere.
import { SvelteMap } from 'svelte/reactivity';
import { drop, freshKey, get, post as send, query } from '$lib/api/client';
import { live } from '$lib/api/live';
import { Problem, sentence } from '$lib/api/problems';
import type { Conversation, ConversationPage, Message, SaidWhenReady } from '$lib/api/types';
import { Tray } from '$lib/media/tray.svelte';
import { daysOf, expiry } from '$lib/posts/lasting';
import { merged, type Note } from './order';

const PAGE = 40;
const SETTLE_MS = 400; // a delivery moves several things at once; ask once for all

/** Mine, between "Send" and the machine's answer. */
export interface Sending {
  key: string;
  text: string;
  /** Its files, perhaps still on their way. */
  tray: Tray;
  /** Days it stays; 0 for good. */
  days: number;
  created: number;
  /** The machine has it and sends it by itself when its files are prepared. */
  waits: boolean;
  wrong: string | null;
}

export interface Talk {
  items: Message[];
  notes: Note[];
  sending: Sending[];
  cursor: string | null;
  end: boolean;
}

class Messages {
  list = $state<Conversation[]>([]);
  isLoaded = $state(false);
  /** The conversation on the screen; what arrives in it is read at once. */
  open = $state<string | null>(null);
  #talks = new SvelteMap<string, Talk>();
  #freshening = new Set<string>();
  /** Grows whenever something is marked as read: what was asked before is old then. */
  #marked = 0;
  #trays = new Map<string, Tray>();
  #trayTurns = $state(0); // grows when a line gets other files than it had

  constructor() {
    live.on('message.arrived', ({ message }) => {
      // My own is told before its delivery is known, so that is asked, not believed.
      if (message.from_me) this.#freshen(message.friend);
      else this.#put(message);
      void this.#told(message.friend);
    });
    live.on('delivery.changed', ({ friend }) => {
      const isWaiting = this.#talks.get(friend)?.items.some((one) => one.from_me && one.state === 'sending');
      if (isWaiting) this.#freshen(friend);
    });
    live.on('waiting.changed', ({ waiting }) => {
      if (waiting.kind === 'message') this.#know(waiting);
    });
    live.on('waiting.ended', ({ kind, key, friend }) => {
      if (kind !== 'message' || friend === null) return;
      this.#sent(friend, key);
      this.#freshen(friend);
    });
    live.on('message.changed', ({ message }) => this.#put(message));
    live.on('message.deleted', ({ id, friend }) => {
      this.#without(friend, id);
      void this.load().catch(() => undefined);
    });
    live.on('messages.cleared', ({ friend }) => void this.#cleared(friend));
    live.on('resync', () => {
      void this.load().catch(() => undefined);
      for (const friend of this.#talks.keys()) void this.read(friend).catch(() => undefined);
    });
  }

  get isUnread(): boolean {
    return this.list.some((conversation) => conversation.unread);
  }

  talk = (friend: string): Talk | undefined => this.#talks.get(friend);

  async load(): Promise<void> {
    const marked = this.#marked;
    const list = await get<Conversation[]>('/messages');
    if (marked !== this.#marked) return this.load(); // asked before one had read it: it would come back as unread
    this.list = list;
    this.isLoaded = true;
  }

  /** The newest page of one conversation. */
  async read(friend: string): Promise<void> {
    const page = await get<ConversationPage>(`/messages/${friend}${query({ limit: PAGE })}`);
    const sending = this.#talks.get(friend)?.sending ?? [];
    this.#talks.set(friend, {
      items: merged(page.items),
      notes: page.notes,
      sending,
      cursor: page.cursor,
      end: page.end,
    });
    void this.#waiting(friend).catch(() => undefined);
  }

  async earlier(friend: string): Promise<void> {
    const talk = this.#talks.get(friend);
    if (!talk?.cursor) return;
    const page = await get<ConversationPage>(
      `/messages/${friend}${query({ limit: PAGE, cursor: talk.cursor })}`,
    );
    this.#change(friend, { items: merged(page.items, talk.items), cursor: page.cursor, end: page.end });
  }

  async send(friend: string, text: string, days = 0): Promise<void> {
    const tray = this.#handOver(friend);
    const created = Date.now();
    const item: Sending = { key: freshKey(), text, tray, days, created, waits: false, wrong: null };
    this.#sending(friend, (all) => [...all, item]);
    await this.retry(friend, item.key);
  }

  async retry(friend: string, key: string): Promise<void> {
    const item = this.#talks.get(friend)?.sending.find((other) => other.key === key);
    if (!item) return;
    const mark = (wrong: string | null): void =>
      this.#sending(friend, (all) => all.map((other) => (other.key === key ? { ...other, wrong } : other)));
    mark(null);
    try {
      item.tray.again();
      await item.tray.arrived();
      const media = item.tray.chosen();
      const expires = expiry(item.days, Date.now());
      const told = await send<Message | SaidWhenReady>(`/messages/${friend}`, {
        text: item.text,
        media,
        key,
        ...(expires ? { expires } : {}),
      });
      if ('key' in told) {
        this.#know(told);
        return;
      }
      this.#sent(friend, key);
      this.#put(told);
      void this.load().catch(() => undefined);
    } catch (thrown) {
      mark(sentence(thrown));
    }
  }

  #know(waiting: SaidWhenReady): void {
    const { friend, key, text, made } = waiting;
    if (friend === null) return;
    const wrong = waiting.state === 'refused' ? waiting.sentence : null;
    this.#sending(friend, (all) =>
      all.some((other) => other.key === key)
        ? all.map((other) => (other.key === key ? { ...other, waits: true, wrong } : other))
        : [
            ...all,
            {
              key,
              text,
              tray: Tray.of(waiting),
              days: daysOf(made, waiting.expires),
              created: made,
              waits: true,
              wrong,
            },
          ],
    );
  }

  /** What waits on the machine in this conversation, also since another day or on another device. */
  async #waiting(friend: string): Promise<void> {
    const told = await get<SaidWhenReady[]>(`/messages/${friend}/waiting`);
    const there = new Set(told.map(({ key }) => key));
    for (const { key, waits } of this.#talks.get(friend)?.sending ?? [])
      if (waits && !there.has(key)) this.#sent(friend, key);
    told.forEach((waiting) => this.#know(waiting));
  }

  #sent(friend: string, key: string): void {
    this.#talks
      .get(friend)
      ?.sending.find((other) => other.key === key)
      ?.tray.release();
    this.#sending(friend, (all) => all.filter((other) => other.key !== key));
  }

  /** The files beside the line of a conversation. They go on their way also while one looks elsewhere. */
  tray(friend: string): Tray {
    const tray = (this.#trayTurns >= 0 && this.#trays.get(friend)) || new Tray();
    this.#trays.set(friend, tray);
    return tray;
  }

  #handOver(friend: string): Tray {
    const tray = this.tray(friend);
    this.#give(friend, new Tray());
    return tray;
  }

  #give(friend: string, tray: Tray): void {
    this.#trays.set(friend, tray);
    this.#trayTurns += 1;
  }

  /** Back into the line it was written in, files and all; false when it went out this moment. */
  async forget(friend: string, key: string): Promise<boolean> {
    const item = this.#talks.get(friend)?.sending.find((other) => other.key === key);
    try {
      if (item?.waits) await drop(`/messages/${friend}/waiting/${key}`);
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.status === 404) return false;
      throw thrown;
    }
    if (item && !item.tray.isEmpty) this.#give(friend, item.tray);
    this.#sending(friend, (all) => all.filter((other) => other.key !== key));
    return true;
  }

  async unsend(friend: string, id: string): Promise<void> {
    await drop(`/messages/${friend}/${id}`);
    this.#without(friend, id);
    void this.load().catch(() => undefined);
  }

  /** What it did on both sides, in a sentence. */
  async clear(friend: string): Promise<string> {
    const { sentence: says } = await send<{ sentence: string }>(`/messages/${friend}/clear`);
    await this.#cleared(friend);
    return says;
  }

  async markRead(friend: string): Promise<void> {
    const conversation = this.list.find((other) => other.friend.id === friend);
    if (conversation && !conversation.unread) return;
    this.list = this.list.map((other) => (other.friend.id === friend ? { ...other, unread: false } : other));
    this.#marked += 1;
    await send(`/messages/${friend}/read`);
    this.#marked += 1;
    await this.load();
  }

  async #told(friend: string): Promise<void> {
    await this.load().catch(() => undefined);
    if (this.open === friend && document.visibilityState === 'visible')
      await this.markRead(friend).catch(() => undefined);
  }

  /** Ask in a moment how the newest messages stand; several events within it are one question. */
  #freshen(friend: string): void {
    if (!this.#talks.has(friend) || this.#freshening.has(friend)) return;
    this.#freshening.add(friend);
    setTimeout(() => {
      this.#freshening.delete(friend);
      void this.load().catch(() => undefined); // the list says of the last one how it stands
      get<ConversationPage>(`/messages/${friend}${query({ limit: PAGE })}`).then(
        (page) => this.#change(friend, { items: merged(this.#talks.get(friend)?.items ?? [], page.items) }),
        () => undefined,
      );
    }, SETTLE_MS);
  }

  #put(message: Message): void {
    const talk = this.#talks.get(message.friend);
    if (talk) this.#change(message.friend, { items: merged(talk.items, [message]) });
  }

  #without(friend: string, id: string): void {
    const talk = this.#talks.get(friend);
    if (talk) this.#change(friend, { items: talk.items.filter((message) => message.id !== id) });
  }

  /** Gone at once; what stands in its place is the machine's to say. */
  async #cleared(friend: string): Promise<void> {
    this.#change(friend, { items: [], cursor: null, end: true });
    await Promise.all([this.#talks.has(friend) && this.read(friend), this.load()]).catch(() => undefined);
  }

  #sending(friend: string, change: (all: Sending[]) => Sending[]): void {
    // What one sends before the conversation has been read is not lost either.
    const talk = this.#talks.get(friend) ?? { items: [], notes: [], sending: [], cursor: null, end: true };
    this.#talks.set(friend, { ...talk, sending: change(talk.sending) });
  }

  #change(friend: string, changes: Partial<Talk>): void {
    const talk = this.#talks.get(friend);
    if (talk) this.#talks.set(friend, { ...talk, ...changes });
  }
}

export const messages = new Messages();
