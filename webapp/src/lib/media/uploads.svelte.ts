// Who is told what becomes of an upload, and how many are sent at a time.
import { get } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Upload } from '$lib/api/types';

const AT_ONCE = 2; // more would only make each of them slower
const ASK_AGAIN_MS = 5_000; // should the live line be down for long

interface Listener {
  know: (told: Upload) => void;
  gone: () => void;
  readonly stage: string;
}

class Uploads {
  #watched = new Map<string, Listener>();
  #sending = 0;
  #waiting: (() => void)[] = [];
  #resting = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor() {
    live.on('media.changed', ({ media }) => this.#watched.get(media.id)?.know(media));
    live.on('resync', () => {
      this.wake();
      void this.#look();
    });
    if (typeof addEventListener === 'function') addEventListener('online', () => this.wake());
  }

  watch(id: string, listener: Listener): void {
    this.#watched.set(id, listener);
    this.#timer ??= setInterval(() => {
      if ([...this.#watched.values()].some(({ stage }) => stage === 'working')) void this.#look();
    }, ASK_AGAIN_MS);
  }

  forget(id: string): void {
    this.#watched.delete(id);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  all = (): Promise<Upload[]> => get<Upload[]>('/uploads');

  /** Resolves when there is room to send; call what it gives when done. */
  async turn(): Promise<() => void> {
    if (this.#sending >= AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go));
    this.#sending += 1;
    return () => {
      this.#sending -= 1;
      this.#waiting.shift()?.();
    };
  }

  /** Sleeps until the time is over, the machine is back, or nobody wants it any more. */
  rest(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const up = (): void => {
        clearTimeout(timer);
        this.#resting.delete(up);
        signal.removeEventListener('abort', up);
        done();
      };
      const timer = setTimeout(up, ms);
      this.#resting.add(up);
      signal.addEventListener('abort', up);
    });
  }

  wake(): void {
    for (const up of [...this.#resting]) up();
  }

  /** After a silence: how does everything stand? */
  async #look(): Promise<void> {
    try {
      const before = [...this.#watched.keys()];
      const told = new Map((await this.all()).map((upload) => [upload.id, upload]));
      for (const id of before) {
        const upload = told.get(id);
        if (upload) this.#watched.get(id)?.know(upload);
        else this.#watched.get(id)?.gone();
      }
    } catch {
      // Still silent; the next sign of life asks again.
    }
  }
}

export const uploads = new Uploads();
