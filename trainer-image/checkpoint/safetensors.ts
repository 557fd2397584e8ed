import * as z from 'zod';
import { describeError } from '../../operator/base/errors.ts';
import {
  bytesPerElement,
  elementCount,
  type HostDataType,
  type HostTensor,
} from '../tensorflow/host-tensor.ts';
import { CorruptCheckpoint } from './corrupt-checkpoint.ts';
import { findDuplicateKey } from './duplicate-key.ts';

/*
 * The safetensors format (https://github.com/huggingface/safetensors, README, section "Format"): the length
 * of the header as 64 bits little-endian, the header as JSON, then the bytes of all tensors, little-endian in
 * C order. Offsets count from the end of the header and must cover all bytes, without overlap or hole.
 */

const maxHeaderBytes = 100_000_000; // The limit of the reference implementation.
const lengthBytes = 8;

const dtypeNames: Readonly<Record<HostDataType, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
};

const Entry = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const Header = z.record(z.string(), z.unknown());
const Metadata = z.record(z.string(), z.string());

/** What a file holds. */
export interface SafetensorsFile {
  /** In the order of their bytes. Their data are views of the file's bytes. */
  readonly tensors: HostTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The pieces of a file, to be written one after the other. Tensors of larger elements come first, so that
 * every tensor is aligned to its elements; the order is otherwise kept.
 * @throws RangeError if two tensors have one name or a tensor has not the bytes of its shape
 */
export function encodeSafetensors(
  tensors: readonly HostTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const ordered = [...tensors].sort((a, b) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  const entries = new Map<string, z.input<typeof Entry>>();
  let offset = 0;
  for (const { name, dtype, shape, data } of ordered) {
    if (name === '__metadata__' || entries.has(name))
      throw new RangeError(`a tensor cannot be named ${name}`);
    if (data.length !== elementCount(shape) * bytesPerElement[dtype]) {
      throw new RangeError(`${name} of shape [${shape.join(', ')}] has ${data.length} bytes of ${dtype}`);
    }
    const end = offset + data.length;
    entries.set(name, { dtype: dtypeNames[dtype], shape: [...shape], data_offsets: [offset, end] });
    offset = end;
  }
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const unpadded = Buffer.byteLength(json);
  const header = Buffer.alloc(lengthBytes + Math.ceil(unpadded / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - lengthBytes), 0);
  header.write(json, lengthBytes);
  return [header, ...ordered.map(({ data }) => data)];
}

/**
 * Reads a file, believing nothing that it says of itself.
 * @param name how to call the file in an error
 * @throws CorruptCheckpoint if it breaks any rule of the format
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): SafetensorsFile {
  const fail = (problem: string): never => {
    throw new CorruptCheckpoint(`${name} is not a valid safetensors file: ${problem}`);
  };
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (file.length < lengthBytes) fail(`it has only ${file.length} bytes`);
  const headerBytes = file.readBigUInt64LE(0);
  if (headerBytes > maxHeaderBytes) fail(`a header of ${headerBytes.toString()} bytes is too long`);
  const begin = lengthBytes + Number(headerBytes);
  if (begin > file.length) fail(`its header of ${headerBytes.toString()} bytes is cut short`);

  const { __metadata__: metadata = {}, ...described } = parseHeader(
    file.toString('utf8', lengthBytes, begin),
    fail,
  );
  const tensors = Object.entries(described)
    .map(([tensorName, entry]) => describeTensor(tensorName, entry, fail))
    .sort((a, b) => a.from - b.from || a.to - b.to);
  let covered = 0;
  for (const { tensorName, from, to } of tensors) {
    if (from !== covered) fail(`${tensorName} begins at byte ${from} of the data instead of ${covered}`);
    covered = to;
  }
  if (begin + covered !== file.length) {
    fail(`it holds ${file.length - begin} bytes of data, but its header describes ${covered}`);
  }
  const texts = Metadata.safeParse(metadata);
  return {
    tensors: tensors.map(({ tensorName, dtype, shape, from, to }) => ({
      name: tensorName,
      dtype,
      shape,
      data: file.subarray(begin + from, begin + to),
    })),
    metadata: texts.success ? texts.data : fail('__metadata__ must map texts to texts'),
  };
}

type Fail = (problem: string) => never;

function parseHeader(json: string, fail: Fail): z.output<typeof Header> {
  if (!json.startsWith('{')) fail('its header does not begin with {');
  let header: z.output<typeof Header>;
  try {
    header = Header.parse(JSON.parse(json));
  } catch (error) {
    return fail(`its header is not a JSON object (${describeError(error)})`);
  }
  const duplicate = findDuplicateKey(json);
  return duplicate === undefined ? header : fail(`its header has ${duplicate} twice`);
}

function describeTensor(tensorName: string, entry: unknown, fail: Fail) {
  const parsed = Entry.safeParse(entry);
  if (!parsed.success)
    return fail(`the description of ${tensorName} is wrong: ${z.prettifyError(parsed.error)}`);
  const {
    dtype: dtypeName,
    shape,
    data_offsets: [from, to],
  } = parsed.data;
  const dtype = hostDataTypes.find((candidate) => dtypeNames[candidate] === dtypeName);
  if (dtype === undefined)
    return fail(`${tensorName} has the element type ${dtypeName}, which cannot be read`);
  const expected = elementCount(shape) * bytesPerElement[dtype];
  if (to - from !== expected) {
    return fail(
      `${tensorName} of shape [${shape.join(', ')}] and ${dtypeName} has ${to - from} bytes, not ${expected}`,
    );
  }
  return { tensorName, dtype, shape, from, to };
}

const hostDataTypes: readonly HostDataType[] = [
  'float32',
  'float16',
  'bfloat16',
  'float64',
  'int32',
  'int64',
  'uint8',
];
