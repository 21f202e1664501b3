// What is wrong with the machine itself, or out of the ordinary: a full disk, a clock gone wrong, another copy that runs,
// a move, a goodbye, a restore. In its own sentences.
import { get, whenElsewhere } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Status } from '$lib/api/types';
import type { Leaving } from '$lib/data/types';

const SEEN = 'microsocial-restored'; // in this browser: the restore that was read about and put away

class Condition {
  #trouble = $state<string | null>(null);
  #clock = $state<string | null>(null);
  /** Why this machine sends nothing to friends: another copy of it runs, or newer keys are about. */
  stopped = $state<string | null>(null);
  /** The address one moved to; this machine only says so. */
  moved = $state<string | null>(null);
  restored = $state.raw<Status['restored']>(null);
  /** What else is to be known of the folder: what is still to come back into it, and what an undo set aside. */
  asides = $state.raw<string[]>([]);
  leaving = $state.raw<Leaving | null>(null);
  /** The folder is empty and the program has ended: silence is as it should be. */
  isOver = $state(false);
  #seen = $state(seen());

  constructor() {
    live.on('trouble.changed', ({ trouble }) => (this.#trouble = trouble));
    live.on('copy.stopped', ({ sentence }) => (this.stopped = sentence));
    live.on('copy.continued', () => (this.stopped = null));
    live.on('leaving.changed', ({ leaving }) => (this.leaving = leaving));
    live.on('resync', () => void this.load().catch(() => undefined));
    whenElsewhere(() => void this.load().catch(() => undefined));
  }

  get sentences(): string[] {
    return [this.#trouble, this.#clock].filter((one) => one !== null);
  }

  get isLeaving(): boolean {
    return !this.isOver && this.leaving !== null && this.leaving.state !== 'no';
  }

  /** Why nothing new is said on this machine, if nothing is. */
  get quiet(): 'moved' | 'leaving' | 'stopped' | null {
    if (this.moved !== null) return 'moved';
    if (this.isLeaving) return 'leaving';
    return this.stopped !== null ? 'stopped' : null;
  }

  /** What a restore brought back, until one has read it. */
  get news(): string | null {
    return this.restored !== null && this.restored.sentence !== this.#seen ? this.restored.sentence : null;
  }

  read(): void {
    this.#seen = this.restored?.sentence ?? null;
    try {
      localStorage.setItem(SEEN, this.#seen ?? '');
    } catch {
      // A closed storage: it is told again at the next visit.
    }
  }

  async load(): Promise<void> {
    const [status, leaving] = await Promise.all([get<Status>('/status'), get<Leaving>('/leaving')]);
    this.#trouble = status.trouble;
    this.#clock = status.clock;
    this.stopped = status.stopped;
    this.moved = status.moved;
    this.restored = status.restored;
    this.asides = [...status.coming_back, ...(status.undone === null ? [] : [status.undone])];
    this.leaving = leaving;
  }
}

function seen(): string | null {
  try {
    return localStorage.getItem(SEEN);
  } catch {
    return null;
  }
}

export const condition = new Condition();
