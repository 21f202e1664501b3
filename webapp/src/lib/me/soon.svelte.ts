// What lies below Me: asked for once, soon after the first screen stands. A failure is forgotten, to be tried again.
import { silence } from '$lib/api/problems';

class Soon {
  pages = $state.raw<typeof import('./pages') | null>(null);
  #asked: Promise<void> | null = null;

  load(): Promise<void> {
    this.#asked ??= import('./pages').then(
      (pages) => {
        this.pages = pages;
      },
      () => {
        this.#asked = null;
        throw silence();
      },
    );
    return this.#asked;
  }
}

export const soon = new Soon();
