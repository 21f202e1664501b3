// Sending a file to my machine so that a broken connection costs nothing: tus 1.0 (https://tus.io). Pure but for its wire.
import { waitBefore } from '$lib/api/live';
import { Problem } from '$lib/api/problems';

/** Small enough that a break on a slow line repeats little, large enough that a clip is not a thousand questions. */
export const PIECE_BYTES = 4 * 1024 * 1024;
const UPLOADS = '/uploads';
const PIECE_TYPE = 'application/offset+octet-stream';
const MOST_BEGINNINGS = 3; // a machine that forgets an upload again and again has another trouble

export interface Request {
  method: 'POST' | 'HEAD' | 'PATCH';
  path: string;
  headers: Record<string, string>;
  body?: Blob;
  /** How much of the body has left, as it leaves. */
  leaving?: (bytes: number) => void;
  /** How long it may take, in ms, when it is not a piece of a file. */
  patience?: number;
  signal: AbortSignal;
}
export type Header = (name: string) => string | null;
/** Gives the headers of an answer that says yes; throws a Problem otherwise, `silence()` when nobody answers. */
export type Wire = (request: Request) => Promise<Header>;

export interface Told {
  begun: (id: string) => void;
  sent: (bytes: number) => void;
  /** The connection broke; it goes on by itself. */
  rests: () => void;
}

export interface Around {
  wire: Wire;
  /** Waits, but not longer than the news that the machine is back. */
  rest: (ms: number) => Promise<unknown>;
  signal: AbortSignal;
}

/** What is said about the file: its name, and whether artist and copyright may stay. */
export type Says = { filename: string; keepcredit?: 'yes' };

/** Sends all of the file and gives the upload's id. Throws when the machine refuses it, or when told to stop. */
export async function sendFile(file: Blob, says: Says, told: Told, around: Around): Promise<string> {
  const sending = new Sending(file, says, told, around);
  for (let attempt = 0; ; attempt++) {
    const before = sending.offset;
    try {
      return await sending.go();
    } catch (thrown) {
      around.signal.throwIfAborted();
      if (!sending.canGoOnAfter(thrown)) throw thrown;
      if (sending.offset > before) attempt = 0;
      told.rests();
      await around.rest(patience(thrown, attempt));
      around.signal.throwIfAborted();
    }
  }
}

const patience = (thrown: unknown, attempt: number): number =>
  thrown instanceof Problem && thrown.retryAfterSeconds !== null
    ? thrown.retryAfterSeconds * 1000
    : waitBefore(attempt, Math.random());

class Sending {
  offset = 0;
  #id: string | null = null;
  #beginnings = 0;
  #isSure = true; // what we believe of the offset is what the machine has

  constructor(
    readonly file: Blob,
    readonly says: Says,
    readonly told: Told,
    readonly around: Around,
  ) {}

  async go(): Promise<string> {
    const id = this.#id ?? (await this.#begin());
    if (!this.#isSure) await this.#ask(id);
    while (this.offset < this.file.size) await this.#piece(id);
    return id;
  }

  /** Whether it is worth going on by itself: nobody answered, somebody between us did, or we lost count. */
  canGoOnAfter(thrown: unknown): boolean {
    if (!(thrown instanceof Problem)) return false;
    this.#isSure = false;
    if (thrown.status === 404 && this.#id !== null) {
      this.#id = null; // swept, or a machine restored from yesterday: once more from the beginning
      this.offset = 0;
      return this.#beginnings < MOST_BEGINNINGS;
    }
    return thrown.isSilence || thrown.slug === 'offset-differs' || PASSING.has(thrown.status);
  }

  async #begin(): Promise<string> {
    const header = await this.#wire('POST', UPLOADS, {
      'Upload-Length': String(this.file.size),
      'Upload-Metadata': metadata(this.says),
    });
    const id = (header('Location') ?? '').split('/').pop() ?? '';
    if (id === '') throw new Problem('', 'garbled', 500);
    this.#id = id;
    this.#beginnings += 1;
    this.#isSure = true;
    this.told.begun(id);
    return id;
  }

  async #ask(id: string): Promise<void> {
    this.#stands(await this.#wire('HEAD', `${UPLOADS}/${id}`, {}));
    this.#isSure = true;
  }

  async #piece(id: string): Promise<void> {
    const from = this.offset;
    const header = await this.around.wire({
      method: 'PATCH',
      path: `${UPLOADS}/${id}`,
      headers: { 'Tus-Resumable': '1.0.0', 'Content-Type': PIECE_TYPE, 'Upload-Offset': String(from) },
      body: this.file.slice(from, from + PIECE_BYTES),
      leaving: (bytes) => this.told.sent(from + bytes),
      signal: this.around.signal,
    });
    this.#stands(header);
  }

  #wire(method: Request['method'], path: string, headers: Record<string, string>): Promise<Header> {
    const { signal } = this.around;
    return this.around.wire({ method, path, headers: { 'Tus-Resumable': '1.0.0', ...headers }, signal });
  }

  #stands(header: Header): void {
    const offset = Number(header('Upload-Offset') ?? NaN);
    if (!Number.isInteger(offset) || offset < 0 || offset > this.file.size)
      throw new Problem('', 'garbled', 500);
    this.offset = offset;
    this.told.sent(offset);
  }
}

/** Somebody between us and the machine, or the machine starting again. */
const PASSING = new Set([408, 423, 425, 429, 502, 503, 504]);

const metadata = (says: Says): string =>
  Object.entries(says)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(',');

/** UTF-8, then base64, as tus wants names. */
export function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
