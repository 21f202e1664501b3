// What is shown full screen, if anything. The device's way back closes it, as one expects on a phone.
import type { Audience, Media, Person } from '$lib/api/types';

export interface Showing {
  media: readonly Media[];
  at: number;
  by: Person;
  to?: Pick<Audience, 'class' | 'label'> | undefined;
  /** Goes to the line where one answers. */
  writeBack?: (() => void) | undefined;
}

const isOurs = (state: unknown): boolean =>
  typeof state === 'object' && state !== null && 'cinema' in state && state.cinema === true;

class Cinema {
  showing = $state.raw<Showing | null>(null);
  #after: (() => void) | null = null;

  constructor() {
    addEventListener('popstate', () => {
      this.showing = null;
      const after = this.#after;
      this.#after = null;
      if (after) setTimeout(after); // when the dialog has given the focus back
    });
  }

  open(showing: Showing): void {
    history.pushState({ cinema: true }, '');
    this.showing = showing;
  }

  close(after: (() => void) | null = null): void {
    this.#after = after;
    if (isOurs(history.state)) history.back();
    else this.showing = null;
  }
}

export const cinema = new Cinema();
