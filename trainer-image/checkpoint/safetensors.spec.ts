import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPerElement, elementCount, type HostTensor } from '../tensorflow/host-tensor.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/** A file with this header and so many bytes of data. */
const file = (header: string, dataBytes = 0) => {
  const bytes = Buffer.alloc(8 + Buffer.byteLength(header) + dataBytes);
  bytes.writeBigUInt64LE(BigInt(Buffer.byteLength(header)), 0);
  bytes.write(header, 8);
  return bytes;
};
const entry = (from: number, to: number, shape = [(to - from) / 4], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [from, to] });

const tensor: fc.Arbitrary<Omit<HostTensor, 'name'>> = fc
  .record({
    dtype: fc.constantFrom('float32', 'float16', 'bfloat16', 'float64', 'int32', 'int64', 'uint8'),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const length = elementCount(shape) * bytesPerElement[dtype];
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ dtype, shape, data }));
  });

describe('a safetensors file', () => {
  it('gives back every tensor and all metadata', () => {
    const named = fc.dictionary(
      fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__'),
      tensor,
      { maxKeys: 6 },
    );
    fc.assert(
      fc.property(
        named,
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.string(),
          { maxKeys: 3 },
        ),
        (tensors, metadata) => {
          const written = Object.entries(tensors).map(([name, each]) => ({ name, ...each }));
          const read = decodeSafetensors(Buffer.concat(encodeSafetensors(written, metadata)), 'file');
          const byName = (a: HostTensor, b: HostTensor) => (a.name < b.name ? -1 : 1);
          const plain = ({ data, ...rest }: HostTensor) => ({ ...rest, data: [...data] });
          expect(read.tensors.sort(byName).map(plain)).toEqual(written.sort(byName).map(plain));
          expect(read.metadata).toEqual(metadata);
        },
      ),
    );
  });

  it('has the bytes that the reference implementation writes', () => {
    const data = new Uint8Array(Float32Array.of(1, -2).buffer);
    const bytes = Buffer.concat(
      encodeSafetensors([{ name: 'fc.bias', dtype: 'float32', shape: [2], data }], { format: 'pt' }),
    );
    const header =
      '{"__metadata__":{"format":"pt"},"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(bytes.readBigUInt64LE(0)).toBe(96n);
    expect(bytes.toString('utf8', 8, 104)).toBe(header.padEnd(96, ' '));
    expect(bytes.subarray(104)).toEqual(Buffer.from('0000803f000000c0', 'hex'));
  });

  it('aligns every tensor to its elements', () => {
    const tensors: HostTensor[] = [
      { name: 'flags', dtype: 'uint8', shape: [3], data: new Uint8Array(3) },
      { name: 'mean', dtype: 'float64', shape: [], data: new Uint8Array(8) },
    ];
    const { tensors: read } = decodeSafetensors(Buffer.concat(encodeSafetensors(tensors, {})), 'file');
    expect(read.map(({ name }) => name)).toEqual(['mean', 'flags']);
  });

  it('is not written from tensors of one name or of wrong length', () => {
    const bias: HostTensor = { name: 'b', dtype: 'float32', shape: [1], data: new Uint8Array(4) };
    expect(() => encodeSafetensors([bias, bias], {})).toThrow('a tensor cannot be named b');
    expect(() => encodeSafetensors([{ ...bias, shape: [2] }], {})).toThrow(
      'b of shape [2] has 4 bytes of float32',
    );
  });

  it.each<[string, Buffer, string]>([
    ['is empty', Buffer.alloc(0), 'it has only 0 bytes'],
    ['has a header of 2^63 bytes', Buffer.from('0000000000000080', 'hex'), 'is too long'],
    ['ends inside its header', file('{"a":1}').subarray(0, 12), 'its header of 7 bytes is cut short'],
    ['has no object as header', file('[1]'), 'does not begin with {'],
    ['has a blank before its header', file(' {}'), 'does not begin with {'],
    ['has a broken header', file('{"a"'), 'is not a JSON object'],
    ['has a tensor twice', file(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, 4), 'its header has a twice'],
    [
      'has a hole',
      file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12),
      'b begins at byte 8 of the data instead of 4',
    ],
    [
      'has an overlap',
      file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12),
      'b begins at byte 4 of the data instead of 8',
    ],
    ['is cut short', file(`{"a":${entry(0, 8)}}`, 7), 'it holds 7 bytes of data, but its header describes 8'],
    ['has bytes left over', file(`{"a":${entry(0, 8)}}`, 9), 'it holds 9 bytes of data'],
    [
      'has a shape of another size',
      file(`{"a":${entry(0, 8, [3])}}`, 8),
      'a of shape [3] and F32 has 8 bytes, not 12',
    ],
    ['has a negative dimension', file(`{"a":${entry(0, 4, [-1])}}`, 4), 'the description of a is wrong'],
    [
      'has the field names of an old version',
      file('{"a":{"dtype":"U8","shape":[1],"offsets":[0,1]}}', 1),
      'the description of a is wrong',
    ],
    [
      'has an element type that we lack',
      file(`{"a":${entry(0, 4, [4], 'F8_E4M3')}}`, 4),
      'the element type F8_E4M3',
    ],
    ['has numbers as metadata', file('{"__metadata__":{"epoch":3}}'), '__metadata__ must map texts to texts'],
  ])('that %s is refused by name', (_, bytes, message) => {
    const decode = () => decodeSafetensors(bytes, 'model.safetensors');
    expect(decode).toThrow(CorruptCheckpoint);
    expect(decode).toThrow('model.safetensors is not a valid safetensors file');
    expect(decode).toThrow(message);
  });

  it('never makes the reader fail in another way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeSafetensors(bytes, 'file');
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptCheckpoint);
        }
      }),
    );
  });
});
