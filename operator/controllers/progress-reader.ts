import { request } from 'node:http';
import { supervisorPort } from '../api/trainer/environment.ts';
import { ProgressDocument } from '../api/trainer/progress.ts';
import { RingmasterError } from '../base/errors.ts';

/** Longest time for the whole answer. A supervisor answers from memory in a millisecond. */
const timeoutMs = 2_000;
/** Largest answer. The history is bounded at 2,048 epochs of about 200 bytes. */
const maxAnswerBytes = 1024 * 1024;

/** The trainer could not be asked for its progress, or answered something else. */
export class ProgressUnavailableError extends RingmasterError {
  constructor(message: string, options?: ErrorOptions) {
    super('ProgressUnavailable', message, options);
  }
}

/**
 * What the supervisor at an address says at `GET /progress`. The answer comes from a pod, so it is bounded in time and
 * size and taken only in its exact form.
 * @throws ProgressUnavailableError
 */
export async function fetchProgress(
  address: string,
  signal: AbortSignal,
  port = supervisorPort,
): Promise<ProgressDocument> {
  const place = `http://${address}:${port}/progress`;
  try {
    const body = await get(address, port, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    return ProgressDocument.parse(JSON.parse(body));
  } catch (error) {
    throw new ProgressUnavailableError(`no progress from ${place}`, { cause: error });
  }
}

function get(host: string, port: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, path: '/progress', signal, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      answer.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxAnswerBytes)
          call.destroy(new RangeError(`the answer is larger than ${maxAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new RangeError(`the answer has status ${answer.statusCode ?? 0}`));
      });
      answer.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
