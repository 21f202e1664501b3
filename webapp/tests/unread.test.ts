import { afterEach, describe, expect, it, vi } from 'vitest';
import { messages } from '$lib/messages/messages.svelte';

/** A machine that answers when it is told to, in any order. */
function machine(): { asked: { path: string; answer: (body: unknown) => void }[] } {
  const asked: { path: string; answer: (body: unknown) => void }[] = [];
  vi.stubGlobal('fetch', (path: string) => {
    return new Promise<Response>((resolve) => {
      asked.push({ path, answer: (body) => resolve(Response.json(body)) });
    });
  });
  return { asked };
}
const list = (unread: boolean): unknown[] => [{ friend: { id: 'ben' }, unread }];
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

afterEach(() => vi.unstubAllGlobals());

describe('the dot on messages', () => {
  it('does not come back with an answer from before one had read them', async () => {
    const { asked } = machine();
    const first = messages.load();
    asked[0]?.answer(list(true));
    await first;
    expect(messages.isUnread).toBe(true);

    const old = messages.load(); // asked, and not answered yet
    const marking = messages.markRead('ben');
    expect(messages.isUnread).toBe(false);
    asked[2]?.answer({});
    await settled();
    asked[1]?.answer(list(true));
    await settled();
    for (const { answer } of asked.slice(3)) answer(list(false));
    await Promise.all([old, marking]);
    expect(messages.isUnread).toBe(false);
  });
});
