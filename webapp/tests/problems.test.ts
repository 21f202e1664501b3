import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { get, holdCsrf, post, query, whenLocked } from '$lib/api/client';
import { Problem, problemFrom } from '$lib/api/problems';

const answering = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): ReturnType<typeof vi.fn<typeof fetch>> =>
  vi.fn<typeof fetch>(() =>
    Promise.resolve(
      new Response(body === null ? null : typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers,
      }),
    ),
  );

describe('problems in words', () => {
  test('the machine’s own sentences are shown, with what to do', () => {
    const problem = problemFrom(409, {
      type: 'about:microsocial/invite-used',
      title: 'Somebody used this invite.',
      status: 409,
      detail: 'Ask for another one.',
    });
    expect(problem.message).toBe('Somebody used this invite. Ask for another one.');
    expect(problem.slug).toBe('invite-used');
  });
  test('a wait says how long', () => {
    expect(problemFrom(429, { title: 'Slow down', status: 429 }, '30').message).toBe(
      'Too many tries. Wait 30 seconds, then try again.',
    );
  });
  test('a proxy’s own page never reaches the person', () => {
    expect(problemFrom(502, undefined).message).not.toContain('<');
    expect(problemFrom(502, 'Bad Gateway').message).toMatch(/^Something went wrong on your machine/);
  });
  test('a form learns which field is meant', () => {
    expect(problemFrom(400, { title: 'Too long', status: 400, field: 'name' }).field).toBe('name');
  });
});

describe('asking the machine', () => {
  beforeEach(() => {
    holdCsrf('token');
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    whenLocked(() => undefined);
  });

  test('whatever changes something carries the token against forged requests, reading does not', async () => {
    const fetched = answering(200, {});
    vi.stubGlobal('fetch', fetched);
    await post('/posts', { text: 'x' });
    await get('/feed');
    const headers = fetched.mock.calls.map(([, request]) => request?.headers as Record<string, string>);
    expect(headers[0]?.['X-CSRF-Token']).toBe('token');
    expect(headers[1]?.['X-CSRF-Token']).toBeUndefined();
  });
  test('silence is a problem a person can act on', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const problem = await get('/feed').catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(Problem);
    expect((problem as Problem).isSilence).toBe(true);
    expect((problem as Problem).message).toMatch(/not answering/);
  });
  test('a lost session closes the door; a wrong password at the door does not', async () => {
    const closed = vi.fn();
    whenLocked(closed);
    vi.stubGlobal(
      'fetch',
      answering(401, { type: 'about:microsocial/not-logged-in', title: 'Log in first.', status: 401 }),
    );
    await post('/login', { password: 'x' }).catch(() => undefined);
    expect(closed).not.toHaveBeenCalled();
    await get('/feed').catch(() => undefined);
    expect(closed).toHaveBeenCalledOnce();
  });
  test('an answer without words is fine', async () => {
    vi.stubGlobal('fetch', answering(204, null));
    await expect(post('/feed/read', { until: 1 })).resolves.toBeUndefined();
  });
  test('what is not known is not asked', () => {
    expect(query({ limit: 20, cursor: null })).toBe('?limit=20');
    expect(query({ cursor: undefined })).toBe('');
  });
});
