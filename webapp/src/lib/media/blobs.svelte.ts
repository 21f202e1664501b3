// Which files of friends came while one was looking.
import { SvelteMap } from 'svelte/reactivity';
import { live } from '$lib/api/live';

/** The hash at the end of a blob's address. */
export const hashOf = (url: string): string => url.split(/[?#]/)[0]?.split('/').pop()?.split('.')[0] ?? '';

class Blobs {
  #came = new SvelteMap<string, number>();

  constructor() {
    live.on('blob.arrived', ({ hash }) => this.#came.set(hash, (this.#came.get(hash) ?? 0) + 1));
  }

  /** How often it came: grows when it is worth asking for it again. */
  times = (url: string | null | undefined): number => (url ? (this.#came.get(hashOf(url)) ?? 0) : 0);
}

export const blobs = new Blobs();
