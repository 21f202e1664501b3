// Coming back to an empty machine: what is asked, how far it is, and the way in at its end.
import { holdCsrf, post } from '$lib/api/client';
import { Problem, problemFrom, type ProblemDocument } from '$lib/api/problems';
import { router } from '$lib/frame/router.svelte';
import { wire } from '$lib/media/wire';
import { first } from './first.svelte';
import { door } from './session.svelte';
import { ownZone } from './zone';

const WATCH_MS = 40_000; // the machine answers within 25 seconds, news or not
const KNOCK_MS = 3_000;
const DAY_MS = 86_400_000; // years of photos over a home network

export interface Wish {
  source: 'friend' | 'backup' | 'export';
  password: string;
  /** Without them a backup comes back as it was, with its passphrase. */
  words?: string[];
  link?: string;
  folder?: string;
  passphrase?: string;
  reason?: 'planned' | 'stolen';
  name?: string;
  anyway?: boolean;
}

export interface Back {
  id: string;
  name: string;
  reason: 'planned' | 'stolen' | null;
  friends: number;
  answered: number;
  sentences: string[];
}

interface Told {
  state: 'none' | 'working' | 'done' | 'failed';
  moves: number;
  done: number;
  total: number;
  sentence: string;
  problem: ProblemDocument | null;
  back: Back | null;
  csrf?: string;
}

class Coming {
  isWorking = $state(false);
  done = $state(0);
  total = $state(0);
  sentence = $state('');
  isSilent = $state(false);
  /** How much of the export has left, from 0 to 1; null when none is being sent. */
  sending = $state<number | null>(null);
  back = $state.raw<Back | null>(null);
  #sent: File | null = null;

  /** Whether it runs already: this page was closed meanwhile, or opened twice. Throws how that ended. */
  async resume(token: string): Promise<void> {
    const told = await this.#watch(token, -1);
    if (told.state === 'working' || told.state === 'done') await this.#until(token, told);
  }

  /** Come back. Throws the Problem that kept it from happening; the machine is as empty as before then. */
  async begin(token: string, wish: Wish, zip: File | null): Promise<void> {
    this.isWorking = true;
    this.#see(null);
    try {
      if (zip && zip !== this.#sent) await this.#send(token, zip);
      await this.#until(token, await post<Told>('/setup/return', { token, ...wish }));
    } finally {
      this.isWorking = false;
      this.isSilent = false;
    }
  }

  async #send(token: string, zip: File): Promise<void> {
    this.sending = 0;
    try {
      await wire({
        method: 'POST',
        path: '/setup/return/export',
        headers: { 'Content-Type': 'application/zip', 'X-Setup-Token': token },
        body: zip,
        leaving: (bytes) => (this.sending = bytes / Math.max(1, zip.size)),
        signal: new AbortController().signal,
        patience: DAY_MS,
      });
      this.#sent = zip;
    } finally {
      this.sending = null;
    }
  }

  async #until(token: string, told: Told): Promise<void> {
    this.isWorking = true;
    try {
      while (told.state === 'working') {
        this.#see(told);
        told = await this.#watch(token, told.moves);
      }
      if (told.problem) throw problemFrom(told.problem.status, told.problem);
      if (told.back && told.csrf) await this.#comeIn(told.back, told.csrf);
      else await door.look(); // another window came in: here the new password opens
    } finally {
      this.isWorking = false;
    }
  }

  /** Ask for news until the machine answers; it works on meanwhile, whoever listens. */
  async #watch(token: string, seen: number): Promise<Told> {
    for (;;) {
      try {
        const told = await post<Told>('/setup/return/watch', { token, seen, time_zone: ownZone() }, WATCH_MS);
        this.isSilent = false;
        return told;
      } catch (thrown) {
        if (!(thrown instanceof Problem) || !thrown.isSilence) {
          await door.look().catch(() => undefined);
          throw thrown;
        }
        this.isSilent = true;
        await new Promise((yes) => setTimeout(yes, KNOCK_MS));
      }
    }
  }

  async #comeIn(back: Back, csrf: string): Promise<void> {
    this.back = back;
    first.comeBack();
    holdCsrf(csrf);
    router.replace('#/feed'); // the token worked once; it need not stay in the address
    await door.open(csrf);
  }

  #see(told: Told | null): void {
    this.done = told?.done ?? 0;
    this.total = told?.total ?? 0;
    this.sentence = told?.sentence ?? '';
  }
}

export const coming = new Coming();
