// The one long job that runs now on the machine: it goes on when this screen closes.
import { get, post } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Work } from './types';

class Jobs {
  /** The newest first. */
  all = $state.raw<Work[]>([]);

  constructor() {
    live.on('work.changed', ({ work }) => this.#take(work));
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  get running(): Work | null {
    return this.all.find((work) => work.state === 'running') ?? null;
  }

  newest(...kinds: Work['kind'][]): Work | null {
    return this.all.find((work) => kinds.includes(work.kind)) ?? null;
  }

  async load(): Promise<void> {
    this.all = await get<Work[]>('/work');
  }

  async start(path: string): Promise<void> {
    this.#take(await post<Work>(path));
  }

  async stop(work: Work): Promise<void> {
    this.#take(await post<Work>(`/work/${work.id}/stop`));
  }

  #take(work: Work): void {
    const known = this.all.some((one) => one.id === work.id);
    this.all = known ? this.all.map((one) => (one.id === work.id ? work : one)) : [work, ...this.all];
  }
}

export const jobs = new Jobs();
