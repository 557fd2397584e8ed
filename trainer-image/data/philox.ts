/*
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
 * Multipliers and Weyl increments are those of the paper's table 2 and of its reference code, Random123.
 */
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;
const rounds = 10;

/** Key of a generator: two unsigned 32-bit words. */
export type PhiloxKey = readonly [number, number];
/** Counter of a generator: four unsigned 32-bit words, lowest first. */
export type PhiloxCounter = readonly [number, number, number, number];

/**
 * Writes the four unsigned 32-bit words that belong to a counter into `output`, of length 4.
 * A bijection of the counter for every key; equal arguments give equal words on every machine.
 */
export function philox4x32([key0, key1]: PhiloxKey, counter: PhiloxCounter, output: Uint32Array): void {
  let [word0, word1, word2, word3] = counter;
  let round0 = key0;
  let round1 = key1;
  for (let round = 0; round < rounds; round += 1) {
    const low0 = Math.imul(multiplier0, word0) >>> 0;
    const low1 = Math.imul(multiplier1, word2) >>> 0;
    const high0 = highWord(multiplier0, word0, low0);
    const high1 = highWord(multiplier1, word2, low1);
    word0 = (high1 ^ word1 ^ round0) >>> 0;
    word1 = low1;
    word2 = (high0 ^ word3 ^ round1) >>> 0;
    word3 = low0;
    round0 = (round0 + weyl0) >>> 0;
    round1 = (round1 + weyl1) >>> 0;
  }
  output[0] = word0;
  output[1] = word1;
  output[2] = word2;
  output[3] = word3;
}

/**
 * Upper half of the 64-bit product of two 32-bit words whose lower half is known. The product as a double is
 * off by at most 2^10, so the quotient is within 2^-21 of a whole number and rounding finds that number.
 */
function highWord(a: number, b: number, low: number): number {
  return ((a * b - low) / 2 ** 32 + 0.5) >>> 0;
}
