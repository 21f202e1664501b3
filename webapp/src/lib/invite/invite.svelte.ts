// The link in my hand. Made when first looked at, kept while it is good, so that looking twice does not make two.
import { drop, get, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { GivenInvite, Invite } from '$lib/api/types';

class Invites {
  current = $state<Invite | null>(null);
  given = $state<GivenInvite[]>([]);

  constructor() {
    // Somebody came in: the link may be used up.
    live.on('friend.arrived', () => {
      this.current = null;
      void this.#list().catch(() => undefined);
    });
  }

  async make(): Promise<void> {
    const isGood = this.current && (this.current.expires === null || this.current.expires > Date.now());
    if (!isGood) this.current = await send<Invite>('/invites');
    await this.#list();
  }

  async another(): Promise<void> {
    this.current = null;
    await this.make();
  }

  async takeBack(id: string): Promise<void> {
    await drop(`/invites/${id}`);
    if (this.current?.id === id) this.current = null;
    await this.#list();
  }

  async #list(): Promise<void> {
    const told = await get<GivenInvite[] | { invites: GivenInvite[] }>('/invites');
    this.given = Array.isArray(told) ? told : told.invites;
  }
}

export const invites = new Invites();
