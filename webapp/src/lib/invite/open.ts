import type { Invite } from '$lib/api/types';

/** Nobody came in by it yet, and it still opens. */
export const isOpen = (invite: Pick<Invite, 'taken_by' | 'expires'>, now: number = Date.now()): boolean =>
  invite.taken_by === null && invite.expires > now;
