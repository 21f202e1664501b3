// Addresses live behind the #, so the machine needs no rules for them and what they say is never sent.

export interface Route {
  /** First word: feed, post, write, messages, friends … */
  name: string;
  /** Second word: an id or a page below. */
  id: string | null;
  params: URLSearchParams;
}

export function parseHash(hash: string): Route {
  const bare = hash.replace(/^#\/?/, '');
  if (!hash.startsWith('#/')) {
    // Links made by the program: #setup=TOKEN
    return { name: bare === '' ? 'feed' : '', id: null, params: new URLSearchParams(bare) };
  }
  const [path = '', search = ''] = bare.split('?');
  const [name = '', id] = path.split('/');
  return { name: name || 'feed', id: id ? safeDecode(id) : null, params: new URLSearchParams(search) };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
