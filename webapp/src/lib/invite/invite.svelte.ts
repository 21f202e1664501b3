// Invite links given out. One that nobody has used yet is shown again, so that looking twice does not make two.
import { drop, get, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Invite } from '$lib/api/types';
import { isOpen } from './open';

class Invites {
  all = $state<Invite[]>([]);
  isLoaded = $state(false);

  constructor() {
    live.on('friend.arrived', () => {
      if (this.isLoaded) void this.#list().catch(() => undefined);
    });
  }

  /** The link in my hand. */
  get current(): Invite | undefined {
    return this.all.find((invite) => isOpen(invite));
  }

  /** See to it that there is a link. */
  async make(): Promise<void> {
    await this.#list();
    if (!this.current) await this.another();
  }

  async another(): Promise<void> {
    await send<Invite>('/invites');
    await this.#list();
  }

  async takeBack(id: string): Promise<void> {
    await drop(`/invites/${id}`);
    await this.#list();
  }

  async #list(): Promise<void> {
    this.all = (await get<Invite[]>('/invites')).sort((a, b) => b.made - a.made);
    this.isLoaded = true;
  }
}

export const invites = new Invites();
