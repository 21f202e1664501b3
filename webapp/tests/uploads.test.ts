import { describe, expect, test } from 'vitest';
import { Problem, silence } from '$lib/api/problems';
import { base64, PIECE_BYTES, sendFile, type Request, type Wire } from '$lib/media/tus';

/** A machine on the other side of a line that can break: it keeps what reached it. */
class PretendMachine {
  kept = new Map<string, number>();
  asked: string[] = [];
  names: string[] = [];
  sizes: number[] = [];
  /** What goes wrong with the next requests, in order; null: nothing. */
  mishaps: (null | ((request: Request) => never))[] = [];
  count = 0;

  wire: Wire = async (request) => {
    await Promise.resolve();
    this.asked.push(`${request.method} ${request.headers['Upload-Offset'] ?? ''}`.trim());
    const mishap = this.mishaps.shift();
    if (mishap) mishap(request);
    return this.answer(request);
  };

  answer(request: Request): (name: string) => string | null {
    if (request.method === 'POST') {
      const id = `u${++this.count}`;
      this.kept.set(id, 0);
      this.names.push(request.headers['Upload-Metadata'] ?? '');
      return (name) => (name === 'Location' ? `/api/v1/uploads/${id}` : '0');
    }
    const id = request.path.split('/').pop() ?? '';
    const offset = this.kept.get(id);
    if (offset === undefined) throw refused(404, 'not-found');
    if (request.method === 'PATCH') {
      if (Number(request.headers['Upload-Offset']) !== offset) throw refused(409, 'offset-differs');
      const bytes = request.body?.size ?? 0;
      this.sizes.push(bytes);
      request.leaving?.(bytes);
      this.kept.set(id, offset + bytes);
    }
    return () => String(this.kept.get(id));
  }

  /** The bytes came, the answer did not. */
  swallowsTheAnswer = (request: Request): never => {
    this.answer(request);
    throw silence();
  };
  /** Half of the piece came. */
  breaksInTheMiddle = (request: Request): never => {
    const id = request.path.split('/').pop() ?? '';
    this.kept.set(id, (this.kept.get(id) ?? 0) + 1000);
    throw silence();
  };
}
const refused = (status: number, slug: string, wait: number | null = null): Problem =>
  new Problem('No.', slug, status, null, wait);
const silent = (): never => {
  throw silence();
};
const says =
  (status: number, slug = '', wait: number | null = null) =>
  (): never => {
    throw refused(status, slug, wait);
  };

function sending(size: number, mishaps: PretendMachine['mishaps'] = []) {
  const machine = new PretendMachine();
  machine.mishaps = mishaps;
  const stopping = new AbortController();
  const rests: number[] = [];
  const sent: number[] = [];
  const ids: string[] = [];
  const go = (): Promise<string> =>
    sendFile(
      new Blob([new Uint8Array(size)]),
      { filename: 'häuschen.jpg' },
      { begun: (id) => ids.push(id), sent: (bytes) => sent.push(bytes), rests: () => undefined },
      {
        wire: machine.wire,
        rest: (ms) => {
          rests.push(ms);
          return Promise.resolve();
        },
        signal: stopping.signal,
      },
    );
  return { machine, stopping, rests, sent, ids, go };
}

describe('sending a file', () => {
  test('goes in pieces, each telling where it begins, with the name as it is written', async () => {
    const { machine, sent, go } = sending(PIECE_BYTES + 10);
    await expect(go()).resolves.toBe('u1');
    expect(machine.asked).toEqual(['POST', 'PATCH 0', `PATCH ${PIECE_BYTES}`]);
    expect(machine.sizes).toEqual([PIECE_BYTES, 10]);
    expect(machine.names).toEqual([`filename ${base64('häuschen.jpg')}`]);
    expect(sent.at(-1)).toBe(PIECE_BYTES + 10);
  });
  test('after a break it asks where it stands and repeats nothing that came', async () => {
    const { machine, rests, go } = sending(PIECE_BYTES + 10);
    machine.mishaps = [null, machine.breaksInTheMiddle];
    await go();
    expect(machine.asked).toEqual(
      ['POST', 'PATCH 0', 'HEAD', 'PATCH 1000', `PATCH ${1000 + PIECE_BYTES}`].slice(0, 4),
    );
    expect(machine.kept.get('u1')).toBe(PIECE_BYTES + 10);
    expect(rests).toHaveLength(1);
  });
  test('an answer that got lost does not send the piece twice', async () => {
    const { machine, go } = sending(500);
    machine.mishaps = [null, machine.swallowsTheAnswer];
    await go();
    expect(machine.asked).toEqual(['POST', 'PATCH 0', 'HEAD']);
    expect(machine.sizes).toEqual([500]);
  });
  test('waits longer each time nobody answers, and as long as the machine asks', async () => {
    const { rests, go } = sending(500, [silent, silent, silent, says(429, 'too-many-uploads', 7)]);
    await go();
    expect(rests).toHaveLength(4);
    expect(rests[1]).toBeGreaterThan(rests[0] ?? 0);
    expect(rests[2]).toBeGreaterThan(rests[1] ?? 0);
    expect(rests[3]).toBe(7000);
  });
  test('goes on where a restarted machine says that it stands', async () => {
    const { machine, go } = sending(500, [null, says(502), silent]);
    await go();
    expect(machine.asked).toEqual(['POST', 'PATCH 0', 'HEAD', 'HEAD', 'PATCH 0']);
  });
  test('begins anew when the machine does not know the upload any more, but not for ever', async () => {
    const once = sending(500);
    once.machine.mishaps = [null, says(404)];
    await expect(once.go()).resolves.toBe('u2');
    expect(once.ids).toEqual(['u1', 'u2']);
    const forgetful = sending(
      500,
      Array.from({ length: 9 }, (_, n) => (n % 2 ? says(404) : null)),
    );
    await expect(forgetful.go()).rejects.toMatchObject({ status: 404 });
  });
  test('a refusal is not repeated', async () => {
    const { machine, go } = sending(500, [says(413, 'upload-too-large')]);
    await expect(go()).rejects.toMatchObject({ slug: 'upload-too-large' });
    expect(machine.asked).toEqual(['POST']);
  });
  test('stops when told to, also while it rests', async () => {
    const { machine, stopping, go } = sending(500, [
      () => {
        stopping.abort();
        throw silence();
      },
    ]);
    await expect(go()).rejects.toThrow();
    expect(machine.asked).toEqual(['POST']);
  });
});
