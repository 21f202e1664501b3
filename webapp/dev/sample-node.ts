// A pretended machine for working on the screens without a real one: SAMPLE=1 npm run dev (or preview).
// It keeps the shapes of docs/develop/api.md and forgets everything when it stops. Tests use real machines.
import { createReadStream, existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { Connect, Plugin } from 'vite';
import { fresh, type World } from './sample-world.ts';

type Json = Record<string, unknown>;
interface Asked {
  parts: string[];
  query: URLSearchParams;
  body: Json;
}
type Answer = { status?: number; body?: unknown };

/** What the real machine sends too, so that a screen that breaks it is seen here. */
const POLICY =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const photos = process.env['SAMPLE_PHOTOS'];

let world: World = fresh('full');
const listeners = new Set<ServerResponse>();
let count = 0;

const ok = (body?: unknown): Answer => ({ status: body === undefined ? 204 : 200, body });
const problem = (status: number, type: string, title: string, field?: string): Answer => ({
  status,
  body: { type: `about:microsocial/${type}`, title, status, ...(field ? { field } : {}) },
});
const gone = (): Answer => problem(404, 'not-found', 'There is nothing like that here.');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function tell(name: string, payload: unknown): void {
  for (const listener of listeners)
    listener.write(`id: ${++count}\nevent: ${name}\ndata: ${JSON.stringify(payload)}\n\n`);
}

const doors: Record<string, (asked: Asked) => Answer> = {
  'GET session': () =>
    ok({
      state: world.state,
      name: world.state === 'new' ? null : world.me.name,
      id: world.me.id,
      csrf: world.state === 'open' ? 'c' : null,
    }),
  'POST setup': ({ body }) => {
    if (body['token'] !== 'sample')
      return problem(403, 'setup-link', 'This setup link does not open anything.');
    world.me.name = text(body['name']);
    world.me.words_confirmed = false;
    world.state = 'open';
    return ok({ id: world.me.id, words: world.words, asked: [7, 19], csrf: 'c' });
  },
  'POST setup/confirm': () => {
    world.me.words_confirmed = true;
    return ok();
  },
  'POST login': ({ body }) => {
    if (body['password'] !== 'sample password')
      return problem(401, 'wrong-password', 'That is not the password.');
    world.state = 'open';
    return ok({ csrf: 'c' });
  },
  'POST logout': () => {
    world.state = 'locked';
    return ok();
  },
  'GET me': () => ok(world.me),
  'PATCH me': ({ body }) => ok(Object.assign(world.me, body)),
  'GET settings': () => ok(world.settings),
  'PATCH settings': ({ body }) => ok(Object.assign(world.settings, body)),
  'GET status': () => ok(world.status),
  'GET leaving': () => ok({ state: 'no', removed: 0, of: 0, sentence: '', waiting: [] }),
  'GET sessions': () => ok(world.sessions),
  'POST password': () => ok(),
  'GET notices': () => ok(world.notices),
  'POST notices/read': () => ok(),
  'GET delivery': () => ok({ friends: world.delivery }),
  'GET invites': () => ok(world.invites),
  'POST invites': () => ok(world.invite),
  'POST invites/look': () => ok(world.look),
  'GET friends': () => ok({ friends: world.friends, requests: world.requests, asked: world.asked }),
  'GET circles': () => ok(world.circles),
  'GET drafts': () => ok([]),
  'GET feed': ({ query }) => {
    const from = Number(query.get('cursor') ?? 0);
    const items = world.posts
      .slice(from, from + 4)
      .map((post) => ({ ...post, comments: post.comments.slice(-2) }));
    const end = from + 4 >= world.posts.length;
    return ok({ items, cursor: end ? null : String(from + 4), end, read_until: null });
  },
  'POST feed/read': () => ok({}),
  'GET search': ({ query }) => {
    const q = (query.get('q') ?? '').toLowerCase();
    return ok({
      posts: world.posts.filter((post) => post.text.toLowerCase().includes(q)),
      messages: [],
      people: world.friends.filter((friend) => friend.name.toLowerCase().includes(q)),
    });
  },
  'POST posts': ({ body }) => {
    if (text(body['text']).includes('fail'))
      return problem(507, 'full', 'The disk of your machine is full. Make room, then try again.');
    const post = world.say(text(body['text']), body['audience'] as { class: 'friends' });
    world.posts.unshift(post);
    setTimeout(() => {
      Object.assign(post, { delivery: world.arrived });
      tell('post.changed', { post });
    }, 1500);
    return { status: 201, body: post };
  },
  'GET messages': () => ok(world.conversations),
  // For the one who takes pictures: put the world into another state, or let something happen.
  'POST _state': ({ body }) => {
    world = fresh(text(body['state']) as 'full');
    return ok({});
  },
  'POST _happen': ({ body }) => {
    tell(text(body['name']), body['payload']);
    return ok({});
  },
  'POST _arrive': () => {
    for (const post of world.later()) {
      world.posts.unshift(post);
      tell('post.arrived', { post });
    }
    return ok({});
  },
};

function inRooms(method: string, { parts, body, query }: Asked): Answer {
  const [room, id = '', verb, last] = parts;
  const post = world.posts.find((one) => one.id === id);
  if (room === 'posts' && post) {
    if (method === 'GET') return ok(post);
    if (method === 'DELETE') world.posts = world.posts.filter((one) => one !== post);
    if (method === 'PATCH')
      return ok(
        Object.assign(post, { text: text(body['text']), html: world.html(text(body['text'])), edited: true }),
      );
    if (verb === 'reactions') return ok({ mine: true, reactions: world.react(post, text(body['emoji'])) });
    if (verb === 'comments') return ok(world.comment(post, text(body['text'])));
    return ok();
  }
  if (room === 'people') {
    return ok({ items: world.posts.filter((one) => one.author.id === id), cursor: null, end: true });
  }
  if (room === 'friends') {
    const friend = [...world.friends, ...world.requests, ...world.asked].find((one) => one.id === id);
    return friend
      ? method === 'POST'
        ? ok()
        : ok(friend)
      : id === ''
        ? ok({ friend: world.friends[0] })
        : gone();
  }
  if (room === 'messages') {
    if (method === 'GET') return ok(world.talk(id, query.get('cursor')));
    if (verb === 'clear') return ok(world.clear(id));
    if (verb === 'read' || method === 'DELETE') return ok();
    return ok(world.write(id, text(body['text'])));
  }
  if (room === 'circles') return ok(world.circle(method, id, last, text(body['name'])));
  return ['drafts', 'sessions', 'comments', 'invites', 'delivery'].includes(room ?? '') ? ok() : gone();
}

async function read(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Json);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sample');
  const path = url.pathname.replace('/api/v1/', '');
  if (path === 'events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': hello\n\n');
    listeners.add(response);
    request.on('close', () => listeners.delete(response));
    return;
  }
  const method = request.method ?? 'GET';
  const asked = {
    parts: path.split('/').map(decodeURIComponent),
    query: url.searchParams,
    body: await read(request),
  };
  const open =
    world.state === 'open' || ['session', 'setup', 'login', '_state'].includes(asked.parts[0] ?? '');
  const { status = 200, body } = open
    ? (doors[`${method} ${path}`]?.(asked) ?? inRooms(method, asked))
    : problem(401, 'not-logged-in', 'Log in first.');
  response.writeHead(status, {
    'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function picture(path: string, response: ServerResponse): void {
  const file = photos && join(photos, normalize(path).replace(/^(\.\.[/\\])+/, ''));
  if (!file || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': 'image/webp' });
  createReadStream(file).pipe(response);
}

const middleware: Connect.NextHandleFunction = (request, response, next) => {
  const path = (request as IncomingMessage & { originalUrl?: string }).originalUrl ?? request.url ?? '';
  if (path.startsWith('/api/v1/')) {
    answer(request, response).catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  } else if (path.startsWith('/media/')) {
    picture(path.slice('/media/'.length), response);
  } else {
    next();
  }
};

export const sampleNode = (): Plugin => ({
  name: 'microsocial-sample-node',
  configureServer: (server) => void server.middlewares.use(middleware),
  configurePreviewServer: (server) => {
    server.middlewares.use((_request, response, next) => {
      response.setHeader('Content-Security-Policy', POLICY);
      next();
    });
    server.middlewares.use(middleware);
  },
});
