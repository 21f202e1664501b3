// How a conversation reads: oldest first, days between, times only where a turn ends. Pure.
import type { Message } from '$lib/api/types';
import { daysBetween } from '$lib/words/time';

export interface Note {
  sentence: string;
  created: number;
}

export type Line =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'note'; key: string; note: Note }
  | { kind: 'message'; key: string; message: Message; endsTurn: boolean };

const TURN_MS = 5 * 60_000; // within five minutes, words of one person are one turn

export function merged(...lists: readonly (readonly Message[])[]): Message[] {
  const byId = new Map<string, Message>();
  for (const message of lists.flat()) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
}

export function lines(messages: readonly Message[], notes: readonly Note[]): Line[] {
  const things: { at: number; message?: Message; note?: Note }[] = [
    ...messages.map((message) => ({ at: message.created, message })),
    ...notes.map((note) => ({ at: note.created, note })),
  ].sort((a, b) => a.at - b.at);

  const result: Line[] = [];
  things.forEach((thing, index) => {
    const before = things[index - 1];
    if (!before || daysBetween(before.at, thing.at) !== 0) {
      result.push({ kind: 'day', key: `day-${thing.at}`, at: thing.at });
    }
    if (thing.note) result.push({ kind: 'note', key: `note-${thing.at}`, note: thing.note });
    if (thing.message) {
      const { message } = thing;
      result.push({
        kind: 'message',
        key: message.id,
        message,
        endsTurn: ends(message, things[index + 1]?.message),
      });
    }
  });
  return result;
}

/** The words under a bubble stand where the other person begins, after a pause, or where delivery differs. */
const ends = (message: Message, next: Message | undefined): boolean =>
  !next ||
  next.from_me !== message.from_me ||
  next.created - message.created > TURN_MS ||
  next.sentence !== message.sentence;
