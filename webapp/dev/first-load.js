// How much JavaScript a first visit costs. Fails the build when it grows past the promise.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT = 120 * 1024; // gzip bytes: half a second on a slow phone connection
const out = process.env['OUT'] ?? fileURLToPath(new URL('../../src/microsocial/server/app', import.meta.url));

/** @type {unknown} */
const told = JSON.parse(readFileSync(`${out}/.vite/manifest.json`, 'utf8'));
const manifest = /** @type {Record<string, { file: string, isEntry?: boolean, imports?: string[] }>} */ (
  told
);
/** @type {Set<string>} */
const files = new Set();
/** @param {string} name */
const take = (name) => {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  chunk.imports?.forEach(take);
};
Object.keys(manifest)
  .filter((name) => manifest[name]?.isEntry)
  .forEach(take);
const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(`${out}/${file}`)).length, 0);
console.error(`First load: ${(bytes / 1024).toFixed(1)} kB of JavaScript (gzip), limit ${LIMIT / 1024} kB.`);
if (bytes > LIMIT) process.exit(1);
