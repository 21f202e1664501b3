import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';
import { sampleNode } from './dev/sample-node.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `npm run dev` talks to a running node; `SAMPLE=1 npm run dev` to a small pretended one with good content. */
const node = process.env['MICROSOCIAL_NODE'] ?? 'http://localhost:8080';

export default defineConfig({
  base: '/app/',
  plugins: [tailwindcss(), svelte(), ...(process.env['SAMPLE'] ? [sampleNode()] : [])],
  resolve: { alias: { $lib: here('./src/lib') } },
  build: {
    outDir: process.env['OUT'] ?? here('../src/microsocial/server/app'),
    emptyOutDir: true,
    assetsInlineLimit: 0, // no data: addresses, so that the content security policy can stay strict
    target: 'es2022',
    reportCompressedSize: false,
    manifest: true,
  },
  server: { proxy: { '/api': node, '/media': node } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node', setupFiles: ['tests/setup.ts'] },
});
