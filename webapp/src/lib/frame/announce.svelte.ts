/** One polite voice for those who listen to the screen, and a short line at its foot for those who look. */
class Announcer {
  spoken = $state('');
  shown = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | null = null;

  say(sentence: string): void {
    // The same sentence twice is still news: a changing end makes it so.
    this.spoken = this.spoken === sentence ? `${sentence}\u00a0` : sentence;
  }

  show(sentence: string): void {
    this.say(sentence);
    this.shown = sentence;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.shown = null), 5_000);
  }
}

export const announcer = new Announcer();
