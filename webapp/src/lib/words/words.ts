// Every sentence of the app, in the reader's language. English is the source; a translation is a file like en.ts.
import { en } from './en';

interface Forms {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}
type Slots<S> = S extends `${string}{${infer P}}${infer Rest}` ? P | Slots<Rest> : never;
type Templates<E> = E extends string ? E : E[keyof E];

export type Catalogue = { readonly [K in keyof typeof en]: (typeof en)[K] extends string ? string : Forms };
export type Key = keyof typeof en;
type SlotsOf<K extends Key> =
  Slots<Templates<(typeof en)[K]>> | ((typeof en)[K] extends string ? never : 'n');
type Values<K extends Key> = { readonly [S in SlotsOf<K>]: S extends 'n' ? number : string | number };
/** A key whose sentence needs nothing filled in. */
export type PlainKey = { [K in Key]: [SlotsOf<K>] extends [never] ? K : never }[Key];
type Filling<K extends Key> = [SlotsOf<K>] extends [never] ? [] : [Values<K>];

let language = 'en';
let catalogue: Catalogue = en;
let plural = new Intl.PluralRules(language);

export function speak(tag: string, translated: Catalogue): void {
  language = tag;
  catalogue = translated;
  plural = new Intl.PluralRules(tag);
}

/** Dates follow the reader's own region as long as it speaks our language. */
export const locale = (wanted: readonly string[] = navigator.languages): string =>
  wanted.find((tag) => tag === language || tag.startsWith(`${language}-`)) ??
  (language === 'en' ? 'en-GB' : language);

const isForms = (entry: string | Forms): entry is Forms => typeof entry !== 'string';

function template(key: Key, n: unknown): string {
  const entry: string | Forms = catalogue[key];
  if (!isForms(entry)) return entry;
  const none = n === 0 ? entry.zero : undefined; // "there are none" reads better, also where 0 counts as many
  return none ?? entry[plural.select(typeof n === 'number' ? n : 0)] ?? entry.other;
}

/** The sentence of this key, filled in: `t('feed.end', { when: 'Sunday 18:10' })`. */
export function t<K extends Key>(key: K, ...filling: Filling<K>): string {
  const values = (filling[0] ?? {}) as Record<string, string | number>;
  return template(key, values['n']).replace(/\{(\w+)\}/g, (_, slot: string) => {
    const value = values[slot];
    return typeof value === 'number' ? value.toLocaleString(locale()) : (value ?? '');
  });
}

export const has = (key: string): key is PlainKey => Object.hasOwn(en, key);

export type Piece = { text: string } | { slot: string };

/** The sentence cut at its slots, for sentences with links, names or chips inside. */
export const pieces = (key: Key, n?: number): Piece[] =>
  template(key, n)
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => (/^\{\w+\}$/.test(part) ? { slot: part.slice(1, -1) } : { text: part }));

/** "Ben, Cem and Grandma". */
export const list = (items: readonly string[]): string =>
  new Intl.ListFormat(locale(), { style: 'long', type: 'conjunction' }).format(items);

/** "Ben, Cem, Elif and 4 more": a line that fits. */
export function some(names: readonly string[], most = 3): string {
  if (names.length <= most + 1) return list(names);
  return list([...names.slice(0, most), t('words.more', { n: names.length - most })]);
}

/** The name people use in speech: the first word of it. */
export const shortName = (name: string): string => name.trim().split(/\s+/u)[0] ?? name;

/** Bytes as a person says them. */
export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const unit = units[step] ?? 'byte';
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit,
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1000 ** step);
}
