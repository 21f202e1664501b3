import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Live, waitBefore, type Line } from '$lib/api/live';

/** The other side of the line: a machine that can answer, say things, and fall silent. */
class PretendLine implements Line {
  static all: PretendLine[] = [];
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  isClosed = false;
  #heard = new Map<string, (event: MessageEvent<string>) => void>();

  constructor() {
    PretendLine.all.push(this);
  }
  addEventListener(name: string, heard: (event: MessageEvent<string>) => void): void {
    this.#heard.set(name, heard);
  }
  close(): void {
    this.isClosed = true;
  }
  answers(): void {
    this.onopen?.(new Event('open'));
  }
  falls(): void {
    this.onerror?.(new Event('error'));
  }
  says(name: string, data: string): void {
    this.#heard.get(name)?.({ data } as MessageEvent<string>);
  }
  static get last(): PretendLine {
    const line = PretendLine.all.at(-1);
    if (!line) throw new Error('nobody called');
    return line;
  }
}

describe('the live line', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    PretendLine.all = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const begin = (): Live => {
    const live = new Live(() => new PretendLine());
    live.start();
    return live;
  };

  test('tells what arrives to who listens, and stops when they leave', () => {
    const live = begin();
    const heard = vi.fn();
    const leave = live.on('post.deleted', heard);
    PretendLine.last.says('post.deleted', '{"id":"a"}');
    leave();
    PretendLine.last.says('post.deleted', '{"id":"b"}');
    expect(heard.mock.calls).toEqual([[{ id: 'a' }]]);
  });
  test('is ready when it is open, so that nothing happens between asking and hearing', async () => {
    const live = begin();
    const anew = vi.fn();
    live.on('resync', anew);
    const ready = vi.fn();
    void live.ready().then(ready);
    await vi.advanceTimersByTimeAsync(500);
    expect(ready).not.toHaveBeenCalled();
    PretendLine.last.answers();
    await vi.advanceTimersByTimeAsync(0);
    expect(ready).toHaveBeenCalledOnce();
    expect(anew).not.toHaveBeenCalled();
  });
  test('is not waited for when it takes long, and then everything is asked again', async () => {
    const live = begin();
    const anew = vi.fn();
    live.on('resync', anew);
    const ready = vi.fn();
    void live.ready().then(ready);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ready).toHaveBeenCalledOnce();
    PretendLine.last.answers();
    expect(anew).toHaveBeenCalledOnce();
  });
  test('calls again after the machine restarts, and asks for everything anew', () => {
    const live = begin();
    const resync = vi.fn();
    live.on('resync', resync);
    PretendLine.last.answers();
    expect(resync).not.toHaveBeenCalled();
    PretendLine.last.falls();
    expect(PretendLine.all[0]?.isClosed).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(PretendLine.all).toHaveLength(2);
    PretendLine.last.answers();
    expect(resync).toHaveBeenCalledOnce();
  });
  test('waits longer each time, and starts small again after an answer', () => {
    begin();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      PretendLine.last.falls();
      const before = PretendLine.all.length;
      let waited = 0;
      while (PretendLine.all.length === before) {
        vi.advanceTimersByTime(250);
        waited += 250;
      }
      waits.push(waited);
    }
    expect(waits[0]).toBeLessThanOrEqual(1_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(22_500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    PretendLine.last.answers();
    PretendLine.last.falls();
    const before = PretendLine.all.length;
    vi.advanceTimersByTime(1_000);
    expect(PretendLine.all.length).toBe(before + 1);
  });
  test('does not wait when the person comes back to look', () => {
    const live = begin();
    PretendLine.last.falls();
    live.hurry();
    expect(PretendLine.all).toHaveLength(2);
  });
  test('stays quiet after it was stopped', () => {
    const live = begin();
    PretendLine.last.falls();
    live.stop();
    vi.advanceTimersByTime(120_000);
    expect(PretendLine.all).toHaveLength(1);
  });
  test('is not confused by what is not an event', () => {
    const live = begin();
    const heard = vi.fn();
    live.on('post.deleted', heard);
    PretendLine.last.says('post.deleted', 'not json');
    PretendLine.last.says('post.deleted', '3');
    expect(heard).not.toHaveBeenCalled();
  });
  test('tells as the line comes and goes', () => {
    const live = begin();
    const states: boolean[] = [];
    live.onState = (connected) => states.push(connected);
    PretendLine.last.answers();
    PretendLine.last.falls();
    expect(states).toEqual([true, false]);
  });
  test('spreads the waits of many tabs', () => {
    expect(waitBefore(0, 0)).toBe(1_000);
    expect(waitBefore(0, 1)).toBe(750);
    expect(waitBefore(50, 0)).toBe(30_000);
  });
});
