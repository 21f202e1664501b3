// The pieces of a file go by XMLHttpRequest: fetch cannot tell how much of a body has left.
import { proof, refusal } from '$lib/api/client';
import { silence } from '$lib/api/problems';
import type { Header, Request } from './tus';

const BASE = '/api/v1';
const PATIENCE_MS = 120_000; // of one piece: 4 MiB at 35 kB/s

export function wire({
  method,
  path,
  headers,
  body,
  leaving,
  patience = PATIENCE_MS,
  signal,
}: Request): Promise<Header> {
  return new Promise((yes, no) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    const end = (act: () => void) => (): void => {
      signal.removeEventListener('abort', stop);
      act();
    };
    request.open(method, BASE + path);
    request.timeout = patience;
    for (const [name, value] of Object.entries({ ...headers, ...proof() }))
      request.setRequestHeader(name, value);
    if (leaving) request.upload.onprogress = (event) => leaving(event.loaded);
    request.onload = end(() => {
      const header: Header = (name) => request.getResponseHeader(name);
      if (request.status >= 200 && request.status < 300) yes(header);
      else no(refusal(request.status, parsed(request.responseText), header('Retry-After')));
    });
    request.onerror = request.ontimeout = request.onabort = end(() => no(silence()));
    if (signal.aborted) {
      no(silence());
      return;
    }
    signal.addEventListener('abort', stop);
    request.send(body ?? null);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
