// Light, dark, density and hue live on the root element; a copy in this browser so that the next visit does not flash.
import type { Settings } from '$lib/api/types';

const KEPT = 'microsocial-look';
const FIG = 352;

interface Kept {
  theme?: Settings['theme'];
  density?: Settings['density'];
  hue?: number;
}

function kept(): Kept {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function keep(changes: Kept): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...changes }));
  } catch {
    // Storage may be closed in a private window; then it only flashes.
  }
}

export function applyLook({ theme, density }: Pick<Settings, 'theme' | 'density'>): void {
  const root = document.documentElement;
  if (theme === 'auto') delete root.dataset['mode'];
  else root.dataset['mode'] = theme;
  root.dataset['density'] = density;
  keep({ theme, density });
}

export function applyHue(hue: number | null): void {
  document.documentElement.style.setProperty('--hue', String(hue ?? FIG));
  keep({ hue: hue ?? FIG });
}

export function applyKept(): void {
  const { theme = 'auto', density = 'calm', hue = FIG } = kept();
  applyLook({ theme, density });
  applyHue(hue);
}

/** Another person may sit here next; only light or dark stays. */
export function forgetLook(): void {
  keep({ hue: FIG });
}
