// Whom I know: friends, those who ask, those I asked, and my circles.
import { drop, get, patch, post as send, put, query } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Circle, Friend, FriendBook, Person } from '$lib/api/types';
import { announcer } from '$lib/frame/announce.svelte';

class Friends {
  all = $state<Friend[]>([]);
  requests = $state<Friend[]>([]);
  asked = $state<Friend[]>([]);
  /** Met, but neither friends nor asked: whoever wrote under a friend's post, was one once, or is blocked. */
  others = $state<Friend[]>([]);
  circles = $state<Circle[]>([]);
  isLoaded = $state(false);

  constructor() {
    live.on('friend.arrived', ({ friend }) => this.take(friend));
    live.on('friend.changed', ({ friend }) => this.take(friend));
    live.on('request.arrived', ({ friend }) => this.take(friend));
    live.on('friend.ended', ({ friend, sentence }) => {
      this.forget(friend);
      announcer.show(sentence);
    });
    live.on('resync', () => void this.load().catch(() => undefined));
  }

  find = (id: string): Friend | undefined =>
    [...this.all, ...this.requests, ...this.asked, ...this.others].find((friend) => friend.id === id);

  async load(): Promise<void> {
    const [people, circles] = await Promise.all([get<FriendBook>('/friends'), get<Circle[]>('/circles')]);
    this.all = byName(people.friends);
    this.requests = people.requests;
    this.asked = people.asked;
    this.circles = circles;
    this.isLoaded = true;
  }

  take(friend: Friend): void {
    this.forget(friend.id);
    if (friend.state === 'friend') this.all = byName([...this.all, friend]);
    else if (friend.state === 'asks') this.requests = [friend, ...this.requests];
    else if (friend.state === 'asked') this.asked = [friend, ...this.asked];
    else this.others = [friend, ...this.others];
  }

  forget(id: string): void {
    const others = (list: Friend[]): Friend[] => list.filter((friend) => friend.id !== id);
    this.all = others(this.all);
    this.requests = others(this.requests);
    this.asked = others(this.asked);
    this.others = others(this.others);
  }

  async fetch(id: string): Promise<Friend> {
    const friend = await get<Friend>(`/friends/${id}`);
    this.take(friend);
    return friend;
  }

  async accept(id: string): Promise<void> {
    const friend = await send<Friend | undefined>(`/friends/${id}/accept`);
    if (friend) this.take(friend);
    else await this.load();
  }

  /** Whether they live at this private place. A yes makes my machine call there; a no keeps it from doing so. */
  async answerHome(id: string, place: string, isSo: boolean): Promise<void> {
    const path = `/friends/${id}/home`;
    this.take(await (isSo ? send<Friend>(path, { place }) : drop<Friend>(path + query({ place }))));
  }

  /** Two keys claimed to be theirs; I asked them, and go on with the one I knew. */
  async goOn(id: string): Promise<void> {
    this.take(await send<Friend>(`/friends/${id}/go-on`));
  }

  async end(id: string, how: 'decline' | 'remove' | 'block'): Promise<void> {
    await send(`/friends/${id}/${how}`);
    this.forget(id);
    if (how !== 'decline') this.circles = await get<Circle[]>('/circles');
  }

  blocked = (): Promise<Person[]> => get<Person[]>('/blocks');

  async unblock(id: string): Promise<void> {
    await send(`/friends/${id}/unblock`);
    this.forget(id);
  }

  /** What I posted for friends or anyone since then goes to this friend too. Whether there was anything. */
  async offer(id: string, since: number): Promise<boolean> {
    return (await send<{ offered: number }>(`/friends/${id}/offer`, { since })).offered > 0;
  }

  async makeCircle(name: string): Promise<void> {
    await send('/circles', { name });
    await this.#readCircles();
  }

  async renameCircle(id: string, name: string): Promise<void> {
    await patch(`/circles/${id}`, { name });
    await this.#readCircles();
  }

  async deleteCircle(id: string): Promise<void> {
    await drop(`/circles/${id}`);
    await this.#readCircles();
  }

  async putIn(circle: string, person: string, isIn: boolean): Promise<void> {
    const path = `/circles/${circle}/people/${person}`;
    await (isIn ? put(path) : drop(path));
    await this.#readCircles();
  }

  async #readCircles(): Promise<void> {
    this.circles = await get<Circle[]>('/circles');
  }
}

const byName = <P extends Person>(people: P[]): P[] =>
  [...people].sort((a, b) => a.name.localeCompare(b.name, undefined, { sensitivity: 'base' }));

export const friends = new Friends();
