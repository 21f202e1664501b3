// What waits for whom. Asked again whenever the machine says that something moved.
import { get, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { FriendDelivery } from '$lib/api/types';
import { since } from '$lib/words/time';
import { shortName, t } from '$lib/words/words';

const SETTLE_MS = 500;
const ASLEEP_MS = 60_000; // a minute without an answer is a machine asleep, less is just on its way

class Delivery {
  all = $state<FriendDelivery[]>([]);
  isLoaded = $state(false);
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    for (const name of ['delivery.changed', 'friend.arrived', 'friend.ended', 'resync'] as const) {
      live.on(name, () => this.#soon());
    }
  }

  get waiting(): FriendDelivery[] {
    return this.all.filter((one) => one.behind > 0 || one.waiting_since !== null);
  }

  async load(): Promise<void> {
    this.all = (await get<{ friends: FriendDelivery[] }>('/delivery')).friends;
    this.isLoaded = true;
  }

  async wake(id: string): Promise<void> {
    await send(`/delivery/${id}/try`);
    this.#soon();
  }

  /** Ask again in a moment; for those who just said something that must travel. */
  #soon(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.isLoaded) void this.load().catch(() => undefined);
    }, SETTLE_MS);
  }
}

/** How things stand with one friend, in a sentence. */
export function standing(one: FriendDelivery, now: number = Date.now()): string {
  const name = shortName(one.person.name);
  if (one.error) return one.error;
  if (one.waiting_since !== null && now - one.waiting_since > ASLEEP_MS) {
    return t('delivery.asleep', { name, when: since(one.waiting_since, now) });
  }
  if (one.behind > 0) return t('delivery.behind', { n: one.behind, name });
  return t('delivery.has-all');
}

export const delivery = new Delivery();
