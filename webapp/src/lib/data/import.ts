// A whole export goes to the machine in one request, which says how far it is.
import { wire } from '$lib/media/wire';

const DAY_MS = 86_400_000; // years of photos over a home network

export async function bringBack(file: File, onShare: (share: number) => void): Promise<void> {
  await wire({
    method: 'POST',
    path: '/import',
    headers: { 'Content-Type': 'application/zip' },
    body: file,
    leaving: (bytes) => onShare(bytes / Math.max(1, file.size)),
    signal: new AbortController().signal,
    patience: DAY_MS,
  });
}
