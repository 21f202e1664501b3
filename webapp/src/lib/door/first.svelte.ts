// The first minute: name, sheet, invite. The words live only here, in memory, until the person has them on paper.
import { holdCsrf, post as send } from '$lib/api/client';
import type { SetUp } from '$lib/api/types';
import { sentence } from '$lib/api/problems';
import { wear } from '$lib/media/avatar';
import { t } from '$lib/words/words';
import { router } from '$lib/frame/router.svelte';
import { door } from './session.svelte';
import { ownZone } from './zone';

type Step = 'name' | 'sheet' | 'invite' | 'back';
export const SHORTEST_PASSWORD = 8; // also asked by the machine; said here before it is sent

class First {
  isUnderWay = $state(false);
  step = $state<Step>('name');
  name = $state('');
  words = $state.raw<readonly string[]>([]);
  asked = $state.raw<readonly number[]>([]);
  /** Why the chosen picture did not work; said on the steps after. */
  pictureWrong = $state<string | null>(null);

  begin(): void {
    this.isUnderWay = true;
  }

  /** Somebody is back: the last page of it stands before the feed. */
  comeBack(): void {
    this.step = 'back';
    this.begin();
  }

  async setUp(token: string, name: string, password: string, picture: File | null): Promise<void> {
    const made = await send<SetUp>('/setup', { token, name, password, time_zone: ownZone() });
    this.begin();
    this.name = name;
    this.words = made.words;
    this.asked = made.asked;
    this.step = 'sheet';
    holdCsrf(made.csrf);
    router.replace('#/feed'); // the token worked once; it need not stay in the address
    await door.open(made.csrf);
    if (picture) void this.#wear(picture);
  }

  async #wear(picture: File): Promise<void> {
    try {
      await wear(picture);
      await door.refresh();
    } catch (thrown) {
      this.pictureWrong = t('media.avatar-later', { why: sentence(thrown) });
    }
  }

  /** Leave the sheet: the words are forgotten by this screen too. */
  toInvite(): void {
    this.words = [];
    this.step = 'invite';
  }

  finish(): void {
    this.words = [];
    this.isUnderWay = false;
  }
}

export const first = new First();

/** Says which of the two words are wrong by the machine's answer; an empty answer means both are right. */
export async function confirmWords(words: Record<number, string>): Promise<void> {
  const tidy = Object.entries(words).map(([number, word]) => [number, word.trim().toLowerCase()]);
  await send('/setup/confirm', { words: Object.fromEntries(tidy) as Record<string, string> });
  await door.refresh();
}
