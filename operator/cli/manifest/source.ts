import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { nearMiss } from '../../api/v1alpha1/near-miss.ts';
import { describeError, systemErrorCode } from '../../base/errors.ts';

/** The API server takes objects of up to 1.5 MiB; a manifest of more than 1 MiB is some other file. */
export const maxManifestBytes = 1_048_576;

export type Source =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Where files are looked up, and what `-` stands for. */
export interface SourceContext {
  readonly stdin: Readable;
  readonly workingFolder: string;
}

/** The text of a manifest file, or what it is instead. */
export async function readSource(file: string, context: SourceContext): Promise<Source> {
  try {
    const path = resolve(context.workingFolder, file);
    const bytes = await readBounded(
      file === '-' ? context.stdin : createReadStream(path, { end: maxManifestBytes }),
    );
    return bytes.length > maxManifestBytes
      ? refuse('is larger than 1 MiB, so it is not a manifest')
      : decode(bytes);
  } catch (error) {
    return refuse(await describeReadError(error, file, context.workingFolder));
  }
}

async function readBounded(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    chunks.push(bytes);
    sizeBytes += bytes.length;
    if (sizeBytes > maxManifestBytes) break;
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer): Source {
  const kind = recognizeBinary(bytes);
  if (kind !== undefined) return refuse(`is ${kind}, not a manifest in YAML or JSON`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is not UTF-8 text; save it as UTF-8');
  }
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(text)) {
    return refuse(
      'is an HTML or XML page, not a manifest; when it was downloaded, take the address of the raw file',
    );
  }
  if (text.trim() === '') return refuse('is empty; a manifest has apiVersion, kind, metadata and spec');
  return { ok: true, text };
}

function recognizeBinary(bytes: Buffer): string | undefined {
  const begins = (...magic: number[]) => magic.every((byte, index) => bytes[index] === byte);
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return 'UTF-16 text (save it as UTF-8)';
  if (begins(0x1f, 0x8b)) return 'a gzip file';
  if (begins(0x50, 0x4b, 0x03, 0x04)) return 'a zip file';
  return bytes.includes(0) ? 'a binary file' : undefined;
}

async function describeReadError(error: unknown, file: string, workingFolder: string): Promise<string> {
  switch (systemErrorCode(error)) {
    case 'ENOENT': {
      const path = resolve(workingFolder, file);
      const neighbours = await readdir(dirname(path)).catch(() => []);
      const near = nearMiss(basename(path), neighbours);
      return `does not exist${near === undefined ? '' : `; did you mean ${near}?`}`;
    }
    case 'EISDIR':
      return 'is a directory; name the files in it';
    case 'EACCES':
      return 'cannot be read: permission denied';
    default:
      return `cannot be read: ${describeError(error)}`;
  }
}

function refuse(message: string): Source {
  return { ok: false, message };
}
