// One voice at a time: what begins to play makes the others pause.
let current: HTMLMediaElement | null = null;

export function only(event: Event): void {
  const element = event.currentTarget as HTMLMediaElement;
  if (current && current !== element) current.pause();
  current = element;
}
