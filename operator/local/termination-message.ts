import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Longest message that Kubernetes keeps, and the part of the log that stands in for it, in bytes. */
const maxMessageBytes = 4096;
const maxFallbackBytes = 2048;

/** A container's last words: the end of its termination log, or, when it failed without any, of its output. */
export function readTerminationMessage(
  terminationLog: string,
  fallback: { readonly logFile: string } | undefined,
): string | undefined {
  const message = readEnd(terminationLog, maxMessageBytes);
  if (message !== '' || fallback === undefined) return message === '' ? undefined : message;
  return readEnd(fallback.logFile, maxFallbackBytes) || undefined;
}

/** The last bytes of a file; nothing when there is no such file. */
function readEnd(path: string, maxBytes: number): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return ''; // A container may remove its termination log.
  }
  try {
    const sizeBytes = fstatSync(file).size;
    const end = Buffer.alloc(Math.min(sizeBytes, maxBytes));
    const readBytes = readSync(file, end, 0, end.length, sizeBytes - end.length);
    return end.toString('utf8', 0, readBytes);
  } finally {
    closeSync(file);
  }
}
