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
  #opener: Element | null = null;

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
    this.#opener = document.activeElement;
    this.showing = showing;
  }

  /** The focus goes back to what opened it: a dialog that is taken away does not do that by itself. */
  giveBack(): void {
    if (this.#opener instanceof HTMLElement) this.#opener.focus({ preventScroll: true });
    this.#opener = null;
  }

  close(after: (() => void) | null = null): void {
    this.#after = after;
    if (isOurs(history.state)) history.back();
    else this.showing = null;
  }
}

export const cinema = new Cinema();
