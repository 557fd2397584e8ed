import { hash } from 'node:crypto';
import { philox4x32, type PhiloxCounter, type PhiloxKey } from './philox.ts';

/**
 * A stream of random numbers in which a draw depends on the stream's key and the draws before it, and nothing
 * else.
 */
export interface CounterRandom {
  /** The next number of [0, 1), uniform, with 53 random bits. */
  readonly uniform: () => number;
  /** The next number of the standard normal distribution. */
  readonly normal: () => number;
  /**
   * The next whole number of [0, boundExclusive), uniform up to a bias of boundExclusive / 2^53.
   * @throws RangeError unless the bound is a whole number from 1 to 2^32
   */
  readonly integer: (boundExclusive: number) => number;
}

/**
 * The stream of a key such as `['flip', seed, epoch, sampleId]`. Streams are cheap to make: make one for each
 * thing that is to be random by itself, so that neither the rank nor the number of ranks nor a resume changes
 * it.
 *
 * The key is hashed by SHA-256 into the 128 bits that select a stream of Philox4x32-10; the rest of Philox's
 * counter counts blocks, so a stream has 2^64 of them.
 * @param key finite numbers and strings; `[1, 2]`, `['1', 2]` and `[12]` are different keys
 */
export function counterRandom(key: readonly (number | string)[]): CounterRandom {
  const { philoxKey, stream } = selectStream(key);
  const block = new Uint32Array(4);
  let blockIndex = 0;
  let used = block.length;

  const word = () => {
    if (used === block.length) {
      const counter: PhiloxCounter = [
        blockIndex >>> 0,
        Math.floor(blockIndex / 2 ** 32),
        stream[0],
        stream[1],
      ];
      philox4x32(philoxKey, counter, block);
      blockIndex += 1;
      used = 0;
    }
    const value = block[used] ?? 0;
    used += 1;
    return value;
  };
  const uniform = () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;

  return {
    uniform,
    // Box and Muller (1958). The second number of each pair is not used, so that a draw needs no memory of
    // the last.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (boundExclusive) => {
      if (!Number.isInteger(boundExclusive) || boundExclusive < 1 || boundExclusive > 2 ** 32) {
        throw new RangeError(`the bound must be a whole number from 1 to 2^32, not ${boundExclusive}`);
      }
      return Math.floor(uniform() * boundExclusive);
    },
  };
}

function selectStream(key: readonly (number | string)[]): { philoxKey: PhiloxKey; stream: PhiloxKey } {
  const unusable = key.find((part) => typeof part === 'number' && !Number.isFinite(part));
  if (unusable !== undefined) throw new RangeError(`${unusable} cannot be part of a random key`);
  const digest = hash('sha256', JSON.stringify(key), 'buffer');
  return {
    philoxKey: [digest.readUInt32LE(0), digest.readUInt32LE(4)],
    stream: [digest.readUInt32LE(8), digest.readUInt32LE(12)],
  };
}
