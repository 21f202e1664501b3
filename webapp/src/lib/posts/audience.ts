// Who sees it, as the composer chooses it and as sentences tell it.
import type { Audience, AudienceChoice, Circle, Friend } from '$lib/api/types';
import { shortName, some, t } from '$lib/words/words';

export interface Circumstances {
  friends: readonly Friend[];
  circles: readonly Circle[];
}

export function isPossible(choice: AudienceChoice, { circles }: Circumstances): boolean {
  if (choice.class === 'circle') return circles.some((circle) => circle.id === choice.circle);
  if (choice.class === 'chosen') return (choice.people ?? []).length > 0;
  return true;
}

const names = (choice: AudienceChoice, { friends }: Circumstances): string =>
  some(
    friends.filter((friend) => choice.people?.includes(friend.id)).map((friend) => shortName(friend.name)),
  );

export function label(choice: AudienceChoice, around: Circumstances): string {
  switch (choice.class) {
    case 'public':
      return t('audience.public');
    case 'friends':
      return t('audience.friends-n', { n: around.friends.length });
    case 'circle':
      return around.circles.find((circle) => circle.id === choice.circle)?.name ?? '';
    case 'chosen':
      return names(choice, around);
    case 'me':
      return t('audience.me');
  }
}

export const asAudience = (choice: AudienceChoice, around: Circumstances): Audience => ({
  class: choice.class,
  label: label(choice, around),
  circle: choice.circle ?? null,
  people: null,
});

/** Whether this friend would see it. */
export function isAmong(friend: string, choice: AudienceChoice, { circles }: Circumstances): boolean {
  if (choice.class === 'circle')
    return circles.some(({ id, people }) => id === choice.circle && people.some((one) => one.id === friend));
  if (choice.class === 'chosen') return choice.people?.includes(friend) ?? false;
  return choice.class !== 'me';
}

/** The line under the chips. */
export function says(choice: AudienceChoice, around: Circumstances): string {
  const n = around.friends.length;
  switch (choice.class) {
    case 'public':
      return t('audience.says-public');
    case 'friends':
      return n === 0 ? t('audience.says-friends-0') : t('audience.says-friends', { n });
    case 'circle': {
      const circle = around.circles.find((other) => other.id === choice.circle);
      const people = circle?.people.map((person) => shortName(person.name)) ?? [];
      return people.length === 0
        ? t('audience.says-circle-0', { name: circle?.name ?? '' })
        : t('audience.says-circle', { names: some(people) });
    }
    case 'chosen':
      return isPossible(choice, around)
        ? t('audience.says-chosen', { names: names(choice, around) })
        : t('audience.says-chosen-0');
    case 'me':
      return t('audience.says-me');
  }
}

/** The button repeats who sees it: "Post to 12 friends". */
export function button(choice: AudienceChoice, around: Circumstances): string {
  const n = around.friends.length;
  switch (choice.class) {
    case 'public':
      return t('write.post-public');
    case 'friends':
      return n === 0 ? t('write.post-friends-0') : t('write.post-friends', { n });
    case 'circle':
      return t('write.post-circle', { name: label(choice, around) });
    case 'chosen':
      return isPossible(choice, around)
        ? t('write.post-chosen', { n: choice.people?.length ?? 0 })
        : t('audience.chosen');
    case 'me':
      return t('write.post-me');
  }
}
