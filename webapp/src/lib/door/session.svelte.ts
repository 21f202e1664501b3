// Whether the door is open, who I am, and how I like my screen.
import { get, holdCsrf, patch, post, whenLocked } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Me, Session, Settings } from '$lib/api/types';
import { forgetDrafts } from '$lib/posts/draft';
import { applyHue, applyLook, forgetLook } from './look';
import { ownZone } from './zone';

type State = 'asking' | 'silent' | 'new' | 'locked' | 'open';

class Door {
  state = $state<State>('asking');
  name = $state<string | null>(null);
  me = $state<Me | null>(null);
  settings = $state<Settings>({ theme: 'auto', density: 'calm', link_cards: 'on' });
  connected = $state(true);

  constructor() {
    whenLocked(() => this.#close());
    live.on('session.ended', () => {
      forgetDrafts();
      this.#close();
    });
    live.on('resync', () => void this.look().catch(() => undefined));
    live.onState = (connected) => {
      this.connected = connected;
      if (!connected) void this.look().catch(() => undefined); // the line also falls when the session ended
    };
  }

  /** Ask the machine how things stand. */
  async look(): Promise<void> {
    let session: Session;
    try {
      session = await get<Session>('/session');
    } catch (thrown) {
      if (this.state === 'asking') this.state = 'silent';
      throw thrown;
    }
    this.name = session.name;
    if (session.state !== 'open') {
      if (this.state === 'open') this.#close();
      else this.state = session.state;
      return;
    }
    await this.open(session.csrf);
  }

  async open(csrf: string | null): Promise<void> {
    holdCsrf(csrf);
    const [me, settings] = await Promise.all([get<Me>('/me'), get<Settings>('/settings')]);
    this.#know(me);
    this.settings = settings;
    applyLook(settings);
    live.start();
    await live.ready();
    this.state = 'open';
  }

  async login(password: string): Promise<void> {
    const { csrf } = await post<{ csrf: string }>('/login', {
      password,
      time_zone: ownZone(),
    });
    await this.open(csrf);
  }

  async logout(): Promise<void> {
    await post('/logout');
    forgetDrafts();
    this.#close();
  }

  async change(changes: Partial<Pick<Me, 'name' | 'about' | 'hue'>>): Promise<void> {
    await patch<unknown>('/me', changes);
    this.#know(await get<Me>('/me'));
  }

  async prefer(changes: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...changes };
    applyLook(this.settings);
    await patch<unknown>('/settings', changes);
  }

  async refresh(): Promise<void> {
    this.#know(await get<Me>('/me'));
  }

  #know(me: Me): void {
    this.me = me;
    this.name = me.name;
    applyHue(me.hue);
  }

  /** Everything private leaves this screen: nothing is kept that a reload would not ask for again. */
  #close(): void {
    live.stop();
    holdCsrf(null);
    forgetLook();
    history.replaceState(null, '', location.pathname);
    location.reload();
  }
}

export const door = new Door();
