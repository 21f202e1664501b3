import { get, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Notice } from '$lib/api/types';

class Notices {
  all = $state<Notice[]>([]);
  isLoaded = $state(false);
  isNew = $state(false);

  constructor() {
    live.on('notice.arrived', ({ notice }) => {
      this.all = [notice, ...this.all.filter((other) => other.id !== notice.id)];
      this.isNew = true; // a dot, no more: nothing here calls for attention
    });
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  async load(): Promise<void> {
    const told = await get<Notice[] | { notices: Notice[] }>('/notices');
    this.all = Array.isArray(told) ? told : told.notices;
    this.isNew = this.all.some((notice) => notice.read === false);
    this.isLoaded = true;
  }

  async markRead(): Promise<void> {
    this.isNew = false;
    await send('/notices/read');
  }
}

export const notices = new Notices();
