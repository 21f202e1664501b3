// Problem documents (RFC 9457) become one sentence a person can act on.
import { has, t, type Key } from '$lib/words/words';

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail?: string;
  field?: string;
}

/** Something the machine refused, or could not be asked. `message` is what the person reads. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    message: string,
    readonly slug: string,
    readonly status: number,
    /** The field of a form it is about, when it is about one. */
    readonly field: string | null = null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  /** Nobody answered: the machine is off, starting again, or the network is gone. */
  get isSilence(): boolean {
    return this.status === 0;
  }
}

const isProblem = (body: unknown): body is ProblemDocument =>
  typeof body === 'object' && body !== null && 'title' in body && typeof body.title === 'string';

/** Our own words for a problem we know, else the machine's own words, else a plain fallback. */
export function problemFrom(status: number, body: unknown, retryAfter: string | null = null): Problem {
  const document = isProblem(body) ? body : null;
  const slug = (document?.type ?? '').split('/').pop() ?? '';
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  return new Problem(words(status, slug, document, seconds), slug, status, document?.field ?? null, seconds);
}

function words(
  status: number,
  slug: string,
  document: ProblemDocument | null,
  seconds: number | null,
): string {
  if (status === 429 && seconds !== null) return t('problem.slow-down', { n: seconds });
  const own = `problem.${slug}`;
  if (has(own)) return t(own as Key & `problem.offline`);
  if (document) return document.detail ? `${document.title} ${document.detail}` : document.title;
  return status >= 500 ? t('problem.broke') : t('problem.refused');
}

/** Whether it is the password typed beside it that was wrong, missing or tried too often. */
export const isAboutPassword = (thrown: unknown): thrown is Problem =>
  thrown instanceof Problem &&
  (thrown.field === 'password' || thrown.slug === 'wrong-password' || thrown.slug === 'too-many-tries');

export const silence = (): Problem => new Problem(t('problem.offline'), 'offline', 0);

/** What to show for anything that was thrown. */
export const sentence = (thrown: unknown): string =>
  thrown instanceof Problem ? thrown.message : t('problem.broke');
