// The files beside what is being written: taken in, put in order, and handed over when everything is ready.
import type { ChosenMedia, SaidWhenReady, Upload } from '$lib/api/types';
import { Problem } from '$lib/api/problems';
import { t } from '$lib/words/words';
import { Attachment } from './attachment.svelte';
import { fits, kindOf, MOST_PHOTOS, objection } from './kinds';
import { uploads } from './uploads.svelte';

export class Tray {
  items = $state<Attachment[]>([]);

  get isEmpty(): boolean {
    return this.items.length === 0;
  }
  get isReady(): boolean {
    return this.items.every((item) => item.isReady);
  }
  /** Every file is on the machine; some may still be prepared there. */
  get isThere(): boolean {
    return this.items.every((item) => item.isThere);
  }
  /** How far the machine is with all of them, 0 to 100. */
  get progress(): number {
    const all = this.items.map((item) => (item.isReady ? 100 : item.progress));
    return all.length === 0 ? 100 : Math.floor(all.reduce((sum, one) => sum + one, 0) / all.length);
  }
  /** Why it cannot go out as it is, though nothing is under way; null when it can or will. */
  get trouble(): string | null {
    const stuck = this.items.find((item) => item.isStuck);
    if (stuck) return t('media.stuck', { name: stuck.name });
    const [first, ...others] = this.items.map((item) => item.kind);
    if (
      first !== undefined &&
      others.length > 0 &&
      fits([first], others.find((kind) => kind !== 'photo') ?? 'photo') === 'mixed'
    )
      return t('media.mixed');
    return null;
  }
  get onTheWay(): number {
    return this.items.filter((item) => !item.isThere).length;
  }

  /** Takes what it can and begins to send it. What it could not take, in sentences. */
  add(files: Iterable<File>): string[] {
    const objections: string[] = [];
    for (const file of files) {
      const kind = kindOf(file);
      const against = objection(file, kind);
      const fit = kind
        ? fits(
            this.items.map((item) => item.kind),
            kind,
          )
        : 'yes';
      if (against) objections.push(against);
      else if (fit === 'mixed') objections.push(t('media.mixed'));
      else if (fit === 'full') objections.push(t('media.full', { n: MOST_PHOTOS }));
      else if (kind) this.#begin(new Attachment({ file, kind }));
    }
    return objections.filter((one, at) => objections.indexOf(one) === at);
  }

  #begin(item: Attachment): void {
    this.items.push(item);
    void item.send();
  }

  remove(item: Attachment): void {
    this.items = this.items.filter((other) => other !== item);
    item.discard();
  }

  move(item: Attachment, to: number): void {
    const rest = this.items.filter((other) => other !== item);
    const at = Math.max(0, Math.min(rest.length, to));
    this.items = [...rest.slice(0, at), item, ...rest.slice(at)];
  }

  chosen = (): ChosenMedia[] => this.items.flatMap((item) => item.chosen() ?? []);

  /** What a draft remembers is here again, as far as the machine still has it. */
  async restore(kept: readonly ChosenMedia[]): Promise<void> {
    if (kept.length === 0) return;
    const there = await uploads.all();
    for (const { id, caption, alt } of kept) {
      const upload = there.find((other) => other.id === id);
      if (upload && upload.state !== 'receiving') this.#take(upload, caption, alt);
    }
  }

  /** The files of something that waits on the machine. */
  static of(waiting: SaidWhenReady): Tray {
    const tray = new Tray();
    for (const { upload, caption, alt } of waiting.media) if (upload) tray.#take(upload, caption, alt);
    return tray;
  }

  #take(upload: Upload, caption: string, alt: string): void {
    if (this.items.some((item) => item.id === upload.id)) return;
    const item = new Attachment({ upload, caption, alt });
    uploads.watch(upload.id, item);
    this.items.push(item);
  }

  /** What failed tries once more. */
  again(): void {
    for (const item of this.items) if (item.stage === 'failed') void item.send();
  }

  /** Everything goes: from here and from the machine. */
  discard(): void {
    for (const item of this.items) item.discard();
    this.items = [];
  }

  /** This screen is done with them. */
  release(): void {
    for (const item of this.items) item.release();
    this.items = [];
  }

  /** Resolves when all of it is prepared; throws the sentence when something stands in the way. */
  settled = (): Promise<void> => this.#until(() => this.isReady);
  /** Resolves when all of it is on the machine, which says the rest by itself. */
  arrived = (): Promise<void> => this.#until(() => this.isThere);

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((yes, no) => {
      const stop = $effect.root(() => {
        $effect(() => {
          const trouble = this.trouble;
          if (trouble === null && !isSo()) return;
          queueMicrotask(() => stop());
          if (trouble === null) yes();
          else no(new Problem(trouble, 'media', 422));
        });
      });
    });
  }
}
