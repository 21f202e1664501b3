// What is wrong with the machine itself: a full disk, a clock gone wrong, another copy that runs. In its own sentences.
import { get } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Status } from '$lib/api/types';

class Condition {
  #trouble = $state<string | null>(null);
  #lasting = $state<string[]>([]);

  constructor() {
    live.on('trouble.changed', ({ trouble }) => (this.#trouble = trouble));
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  get sentences(): string[] {
    return this.#trouble === null ? this.#lasting : [this.#trouble, ...this.#lasting];
  }

  async load(): Promise<void> {
    const status = await get<Status>('/status');
    this.#trouble = status.trouble;
    this.#lasting = [status.stopped, status.clock].filter((one) => one !== null);
  }
}

export const condition = new Condition();
