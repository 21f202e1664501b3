// The one way out: every request to my own machine goes through here.
import { Problem, problemFrom, silence } from './problems';

const BASE = '/api/v1';
const PATIENCE_MS = 20_000; // reading never touches the network behind the machine, so this is generous
/** For what asks friends first, or erases much: it answers when it is done. */
export const LONG_PATIENCE_MS = 600_000;

let csrf: string | null = null;
let onLocked: () => void = () => undefined;
let onElsewhere: () => void = () => undefined;

export const holdCsrf = (token: string | null): void => {
  csrf = token;
};

/** Called when the machine says that this session is over. */
export const whenLocked = (listener: () => void): void => {
  onLocked = listener;
};

/** Called when the machine says that nothing new begins on it: one has moved away, or is leaving. */
export const whenElsewhere = (listener: () => void): void => {
  onElsewhere = listener;
};

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function ask<T>(
  method: Method,
  path: string,
  body?: unknown,
  patience: number = PATIENCE_MS,
): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET' && csrf !== null) headers['X-CSRF-Token'] = csrf;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await send(path, {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(patience),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await read(response);
  if (response.ok) return answer as T;
  const problem = problemFrom(response.status, answer, response.headers.get('Retry-After'));
  // One that names a field is about what was typed there: a wrong password does not end the session.
  if (problem.status === 401 && problem.field === null && path !== '/login') onLocked();
  if (problem.slug === 'moved-away' || problem.slug === 'given-up') onElsewhere();
  throw problem;
}

/** What an unsafe request carries that does not go through `ask`: the pieces of a file (media/wire.ts). */
export const proof = (): Record<string, string> => (csrf === null ? {} : { 'X-CSRF-Token': csrf });

/** The same for what came back: the refusal in words, and the door if the session is over. */
export function refusal(status: number, answer: unknown, retryAfter: string | null): Problem {
  if (status === 401) onLocked();
  return problemFrom(status, answer, retryAfter);
}

async function send(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, request);
  } catch {
    throw silence();
  }
}

async function read(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return (await response.json()) as unknown;
  } catch {
    if (response.ok) throw new Problem('', 'garbled', response.status);
    return undefined; // a proxy's own page, not a problem document
  }
}

export const get = <T>(path: string): Promise<T> => ask<T>('GET', path);
export const post = <T>(path: string, body?: unknown, patience?: number): Promise<T> =>
  ask<T>('POST', path, body, patience);
export const put = <T>(path: string, body?: unknown): Promise<T> => ask<T>('PUT', path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => ask<T>('PATCH', path, body);
export const drop = <T>(path: string): Promise<T> => ask<T>('DELETE', path);

/** A query string from what is defined. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const pairs = Object.entries(values).filter((pair): pair is [string, string | number] => pair[1] != null);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : '';
}

/** A name for one attempt to say something, so that sending it twice says it once. */
export const freshKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
