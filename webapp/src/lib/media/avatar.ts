// A picture of oneself: one photo through the same door as any other, then said in the profile.
import { patch } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { t } from '$lib/words/words';
import { Tray } from './tray.svelte';

/** Resolves when the machine has it in the profile. Throws a Problem with the sentence to show. */
export async function wear(file: File): Promise<void> {
  const tray = new Tray();
  const [objection] = tray.add([file]);
  if (objection !== undefined) throw new Problem(objection, 'file', 422);
  const item = tray.items[0];
  try {
    if (item?.kind !== 'photo') throw new Problem(t('media.avatar-photo'), 'file', 422);
    await tray.settled().catch(() => {
      throw new Problem(item.sentence ?? t('problem.broke'), 'file', 422);
    });
    await patch('/me', { avatar: item.id });
    tray.release();
  } catch (thrown) {
    tray.discard();
    throw thrown;
  }
}

export const unwear = (): Promise<unknown> => patch('/me', { avatar: null });
