// One file on its way into a post: what it is, how far it is, and what is said beside it.
import { drop, freshKey } from '$lib/api/client';
import { Problem, sentence } from '$lib/api/problems';
import type { ChosenMedia, Leak, MediaKind, Upload } from '$lib/api/types';
import { t } from '$lib/words/words';
import { sendFile, type Says, type Told } from './tus';
import { uploads } from './uploads.svelte';
import { wire } from './wire';

/** Waiting its turn, being sent, resting after a break, being prepared, ready; refused for good; failed for now. */
export type Stage = 'queued' | 'sending' | 'resting' | 'working' | 'ready' | 'refused' | 'failed';

export class Attachment {
  readonly key = freshKey();
  readonly name: string;
  readonly length: number;
  readonly file: File | null;
  /** The file as this browser shows it, before the machine has anything. */
  readonly local: string | null;

  id = $state<string | null>(null);
  kind = $state<MediaKind>('photo');
  stage = $state<Stage>('queued');
  sent = $state(0);
  progress = $state(0);
  sentence = $state<string | null>(null);
  leaked = $state.raw<readonly Leak[]>([]);
  preview = $state<string | null>(null);
  width = $state(0);
  height = $state(0);
  duration = $state<number | null>(null);
  placeholder = $state<string | null>(null);
  caption = $state('');
  alt = $state('');
  keepsCredit = $state(false);
  #stopping: AbortController | null = null;

  constructor(from: { file: File; kind: MediaKind } | { upload: Upload; caption: string; alt: string }) {
    if ('file' in from) {
      this.file = from.file;
      this.kind = from.kind;
      this.name = from.file.name || t('media.nameless');
      this.length = from.file.size;
      this.local = URL.createObjectURL(from.file);
    } else {
      this.file = null;
      this.local = null;
      this.name = from.upload.name;
      this.length = from.upload.length;
      this.caption = from.caption;
      this.alt = from.alt;
      this.id = from.upload.id;
      this.know(from.upload);
    }
  }

  get isReady(): boolean {
    return this.stage === 'ready';
  }
  /** The machine has all of it. */
  get isThere(): boolean {
    return this.stage === 'working' || this.stage === 'ready';
  }
  get isStuck(): boolean {
    return this.stage === 'refused' || this.stage === 'failed';
  }
  get ratio(): number {
    return this.width > 0 && this.height > 0 ? this.width / this.height : 0;
  }

  /** Sends it, or sends it again after it failed. Never throws: how it went is in `stage`. */
  async send(): Promise<void> {
    if (!this.file) return;
    this.sentence = null;
    this.sent = 0;
    this.stage = 'queued';
    const stopping = new AbortController();
    this.#stopping = stopping;
    const free = await uploads.turn();
    try {
      if (stopping.signal.aborted) return;
      this.stage = 'sending';
      await sendFile(this.file, this.#says(), this.#told(), {
        wire,
        rest: (ms) => uploads.rest(ms, stopping.signal),
        signal: stopping.signal,
      });
      if (this.#isOnItsWay()) this.stage = 'working';
    } catch (thrown) {
      if (stopping.signal.aborted) return;
      // Too large, or a disk that is full: the machine's own words.
      this.stage = thrown instanceof Problem && thrown.status === 413 ? 'refused' : 'failed';
      this.sentence = sentence(thrown);
    } finally {
      free();
    }
  }

  #says(): Says {
    return { filename: this.name, ...(this.keepsCredit ? { keepcredit: 'yes' } : {}) };
  }

  /** The machine cleaned it already, so it goes once more, with or without what says who made it. */
  async keepCredit(keeps: boolean): Promise<void> {
    if (!this.file || keeps === this.keepsCredit) return;
    this.keepsCredit = keeps;
    this.#leave();
    await this.send();
  }

  #told(): Told {
    return {
      begun: (id) => {
        this.id = id;
        uploads.watch(id, this);
      },
      sent: (bytes) => {
        this.sent = bytes;
        if (this.#isOnItsWay()) this.stage = 'sending';
      },
      rests: () => (this.stage = 'resting'),
    };
  }

  #isOnItsWay(): boolean {
    return this.stage === 'queued' || this.stage === 'sending' || this.stage === 'resting';
  }

  /** What the machine tells of it. */
  know(told: Upload): void {
    this.progress = told.progress;
    this.leaked = told.leaked;
    this.preview = told.preview;
    this.width = told.width ?? this.width;
    this.height = told.height ?? this.height;
    this.duration = told.duration ?? this.duration;
    this.placeholder = told.placeholder;
    this.kind = told.kind ?? this.kind;
    if (told.state === 'receiving') return;
    this.sentence = told.sentence;
    this.stage = told.state;
  }

  /** The machine does not have it any more: swept after a day, or restored from an older copy. */
  gone(): void {
    if (this.stage === 'refused' || this.#isOnItsWay()) return;
    this.stage = 'failed';
    this.sentence = t('media.gone', { name: this.name });
  }

  chosen(): ChosenMedia | null {
    return this.id === null ? null : { id: this.id, caption: this.caption.trim(), alt: this.alt.trim() };
  }

  /** Left out after all: nothing of it stays anywhere. */
  discard(): void {
    this.#leave();
    this.release();
  }

  #leave(): void {
    this.#stopping?.abort();
    if (this.id === null) return;
    uploads.forget(this.id);
    void drop(`/uploads/${this.id}`).catch(() => undefined);
    this.id = null;
  }

  /** This screen is done with it; the machine keeps what it has. */
  release(): void {
    this.#stopping?.abort();
    if (this.id !== null) uploads.forget(this.id);
    if (this.local !== null) URL.revokeObjectURL(this.local);
  }
}
