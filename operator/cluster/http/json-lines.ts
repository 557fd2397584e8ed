const newline = 0x0a;

/**
 * Splits a byte stream of JSON documents, one a line, as a watch sends them. Lines are cut on bytes, because a chunk may
 * end inside a character; an unfinished last line is what a broken connection leaves, and is dropped.
 * @throws SyntaxError when a whole line is not JSON
 */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end);
      const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      start = end + 1;
      if (line.length > 0) yield JSON.parse(line.toString('utf8'));
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
