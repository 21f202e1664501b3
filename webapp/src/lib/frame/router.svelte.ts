import { parseHash, type Route } from './route';

class Router {
  route = $state.raw<Route>(parseHash(location.hash));
  /** How often the screen changed, so that scrolling and focus follow it and not each keystroke. */
  turns = $state(0);

  constructor() {
    addEventListener('hashchange', () => this.#read());
  }

  go(hash: string): void {
    location.hash = hash;
  }

  /** Go without leaving a step in the history: for addresses that held a secret or are done with. */
  replace(hash: string): void {
    history.replaceState(history.state, '', hash);
    this.#read();
  }

  #read(): void {
    const next = parseHash(location.hash);
    const moved = next.name !== this.route.name || next.id !== this.route.id;
    this.route = next;
    if (moved) this.turns += 1;
  }
}

export const router = new Router();
