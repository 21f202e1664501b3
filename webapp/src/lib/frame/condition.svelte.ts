// What is wrong with the machine itself: a full disk, a clock gone wrong, another copy that runs. In its own sentences.
import { get } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Status } from '$lib/api/types';

class Condition {
  #trouble = $state<string | null>(null);
  #clock = $state<string | null>(null);
  /** Why this machine sends nothing to friends: another copy of it runs, or newer keys are about. */
  stopped = $state<string | null>(null);

  constructor() {
    live.on('trouble.changed', ({ trouble }) => (this.#trouble = trouble));
    live.on('copy.stopped', ({ sentence }) => (this.stopped = sentence));
    live.on('copy.continued', () => (this.stopped = null));
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  get sentences(): string[] {
    return [this.#trouble, this.#clock].filter((one) => one !== null);
  }

  async load(): Promise<void> {
    const status = await get<Status>('/status');
    this.#trouble = status.trouble;
    this.#clock = status.clock;
    this.stopped = status.stopped;
  }
}

export const condition = new Condition();
