import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imageExample, tarFile, tfRecordFile } from '../../../test/fixtures/image-set/shard-files.ts';
import { createMemoryStorage } from '../../../test/fixtures/memory-storage.ts';
import { bytesField, integerField, messageField, message, stringField } from '../../tensorflow/protobuf.ts';
import { crc32c } from './crc32c.ts';
import { fitsPattern, parseDataLocation } from './data-location.ts';
import { indexKey, openIndex, type IndexedData } from './open-index.ts';
import { classCounts, decodeIndex, encodeIndex, fingerprint, sampleName } from './sample-index.ts';
import { readExample } from './tf-example.ts';

const image = (content: string, label: number) => ({ bytes: Buffer.from(content), label });
const storageOf = (files: Readonly<Record<string, Uint8Array | string>>) =>
  createMemoryStorage(new Map(Object.entries(files).map(([key, content]) => [key, Buffer.from(content)])));
const open = async (
  data: IndexedData,
  files: Readonly<Record<string, Uint8Array | string>>,
  pattern?: string,
) =>
  (
    await openIndex(
      data,
      { root: 'memory://runs', ...(pattern === undefined ? {} : { pattern }) },
      storageOf(files),
    )
  ).index;
const rows = ({ shard, offset, length, label, checksum }: Awaited<ReturnType<typeof open>>) =>
  [...label].map((each, sample) => [shard[sample], offset[sample], length[sample], each, checksum[sample]]);

describe('the index of an image folder', () => {
  const files = {
    'b/2.JPEG': '12',
    'b/1.jpg': '1',
    'a/deep/er/x.png': '123',
    'a/notes.txt': 'no image',
    'Z/1.jpg': '1234',
    '.DS_Store': '',
    'a/.hidden.jpg': '',
  };

  it('labels by the place of the class among all, sorted as bytes, and sorts the images of a class', async () => {
    const index = await open({ format: 'image-folder' }, files);
    expect(index.classes).toEqual(['Z', 'a', 'b']);
    expect(index.shards.map(({ key }) => key)).toEqual(['Z/1.jpg', 'a/deep/er/x.png', 'b/1.jpg', 'b/2.JPEG']);
    expect([...index.label]).toEqual([0, 1, 2, 2]);
    expect([...index.length]).toEqual([4, 3, 1, 2]);
    expect(classCounts(index)).toEqual([1, 1, 2]);
    expect(sampleName(index, 1)).toBe('a/deep/er/x.png');
  });

  it('is not kept on disk, where it is as quick to make it again', async () => {
    const storage = storageOf(files);
    await openIndex({ format: 'image-folder' }, { root: 'memory://runs' }, storage);
    expect([...storage.objects.keys()].sort()).toEqual(Object.keys(files).sort());
  });

  it('says where an image lies in no class, and where there is none', async () => {
    const data = { format: 'image-folder' } as const;
    await expect(open(data, { 'x.jpg': '' })).rejects.toThrow('x.jpg is in no folder of a class');
    await expect(open(data, { 'a/x.txt': '' })).rejects.toThrow('has no images');
  });
});

describe('the index of TFRecord files', () => {
  const shard = tfRecordFile([image('first', 1), image('second!', 3)].map((each) => imageExample(each)));

  it('says where each image is, its label and checksum', async () => {
    const index = await open({ format: 'tfrecord' }, { 'train-0': shard, other: 'x' }, 'train-*');
    expect([...index.label]).toEqual([1, 3]);
    for (const [sample, content] of ['first', 'second!'].entries()) {
      const [offset = 0, length = 0] = [index.offset[sample], index.length[sample]];
      expect(shard.subarray(offset, offset + length).toString()).toBe(content);
      expect(index.checksum[sample]).toBe(crc32(content));
    }
    expect(sampleName(index, 1)).toMatch(/^image 1 \(train-0, byte \d+\)$/);
  });

  it('takes the offset off the labels and finds features by other names', async () => {
    const renamed = tfRecordFile([imageExample(image('x', 7), 'class')]);
    const tfrecord = { imageFeature: 'image/encoded', labelFeature: 'class', labelOffset: 1 };
    expect([...(await open({ format: 'tfrecord', tfrecord }, { a: renamed })).label]).toEqual([6]);
    await expect(open({ format: 'tfrecord' }, { a: renamed })).rejects.toThrow(
      'no feature image/class/label of an int64; its features are image/format, class, image/encoded',
    );
    const zero = tfRecordFile([imageExample(image('x', 0))]);
    const offsetOnly = { ...tfrecord, labelFeature: 'image/class/label' };
    await expect(open({ format: 'tfrecord', tfrecord: offsetOnly }, { a: zero })).rejects.toThrow(
      'gives the label -1',
    );
  });

  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['a byte of an image', (bytes) => flip(bytes, 60), 'a record has another checksum'],
    ['a byte of a length', (bytes) => flip(bytes, 2), 'the length of a record has another checksum'],
    ['the end is missing', (bytes) => bytes.subarray(0, -3), 'it ends in the middle of a record'],
    ['it is compressed', () => Buffer.from([0x1f, 0x8b, ...new Array<number>(20).fill(0)]), 'decompress it'],
  ])('refuses a file in which %s, naming it', async (_, damage, says) => {
    const opening = open({ format: 'tfrecord' }, { 'train-0': damage(Buffer.from(shard)) });
    await expect(opening).rejects.toThrow(says);
    await expect(opening).rejects.toThrow('memory://runs/train-0');
  });

  it('reads labels that are packed or not, and negative ones', () => {
    const label = (field: Uint8Array) =>
      Buffer.from(
        message(
          messageField(
            1,
            messageField(
              1,
              stringField(1, 'i'),
              messageField(2, messageField(1, bytesField(1, Buffer.of(9)))),
            ),
            messageField(1, stringField(1, 'l'), messageField(2, messageField(3, field))),
          ),
        ),
      );
    const features = { imageFeature: 'i', labelFeature: 'l' };
    expect(readExample(label(integerField(1, 300)), features)).toMatchObject({ label: 300, length: 1 });
    expect(readExample(label(bytesField(1, Buffer.of(0xac, 2))), features).label).toBe(300);
    expect(readExample(label(integerField(1, -2)), features).label).toBe(-2);
    expect(() => readExample(Buffer.from('garbage!'), features)).toThrow('it is not a tf.Example');
  });
});

describe('the index of WebDataset shards', () => {
  const member = (name: string, content: string) => ({ name, content: Buffer.from(content) });

  it('joins consecutive members of one stem', async () => {
    const shard = tarFile([
      member('a/0.json', '{}'),
      member('a/0.jpg', 'first'),
      member('a/0.cls', '4\n'),
      member('a/1.cls', '2'),
      member('a/1.seg.png', 'mask'),
      member('a/1.PNG', 'second'),
    ]);
    const index = await open({ format: 'webdataset' }, { 'x.tar': shard });
    expect([...index.label]).toEqual([4, 2]);
    const [offset = 0, length = 0] = [index.offset[1], index.length[1]];
    expect(shard.subarray(offset, offset + length).toString()).toBe('second');
  });

  it('reads what tar writes, long names too', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ringmaster-tar-'));
    try {
      const stem = 'a-name-of-more-than-a-hundred-characters-'.repeat(4);
      writeFileSync(path.join(folder, `${stem}.jpg`), 'image');
      writeFileSync(path.join(folder, `${stem}.cls`), '3');
      for (const format of ['gnu', 'pax']) {
        const words = ['-c', `--format=${format}`, '-f', 'x.tar', `${stem}.jpg`, `${stem}.cls`];
        execFileSync('tar', words, { cwd: folder });
        const index = await open({ format: 'webdataset' }, { x: readFileSync(path.join(folder, 'x.tar')) });
        expect(rows(index)).toEqual([[0, expect.any(Number), 5, 3, crc32('image')]]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each<[string, Buffer, string]>([
    [
      'an image without a class',
      tarFile([member('0.jpg', 'x')]),
      'the sample 0 of memory://runs/x has no .cls',
    ],
    ['a class without an image', tarFile([member('0.cls', '1')]), 'has no .jpg, .jpeg or .png'],
    [
      'members that are not side by side',
      tarFile([member('0.jpg', 'x'), member('1.jpg', 'x'), member('0.cls', '1')]),
      'must stand side by side',
    ],
    ['a class in words', tarFile([member('0.jpg', 'x'), member('0.cls', 'cat')]), '0.cls of memory://runs/x'],
    ['another file', Buffer.alloc(600, 'x'), 'the checksum of a header is wrong'],
    [
      'the end is missing',
      tarFile([member('0.jpg', 'x'.repeat(2000))]).subarray(0, 1500),
      'in the middle of a member',
    ],
    ['no images', tarFile([]), 'hold no images'],
  ])('refuses %s', async (_, shard, says) => {
    await expect(open({ format: 'webdataset' }, { x: shard })).rejects.toThrow(says);
  });
});

describe('an index', () => {
  const shard = tfRecordFile([imageExample(image('first', 1))]);
  const data = { format: 'tfrecord' } as const;
  const location = { root: 'memory://runs' };

  it('is kept beside the data, used again, and made anew when a shard was added or is of another size', async () => {
    const storage = storageOf({ 'a.tfrecord': shard });
    expect((await openIndex(data, location, storage)).origin).toBe('made-and-stored');
    expect((await openIndex(data, location, storage)).origin).toBe('stored');
    storage.objects.set('b.tfrecord', shard);
    const grown = await openIndex(data, location, storage);
    expect(grown).toMatchObject({ origin: 'made-and-stored' });
    expect(grown.index.label).toHaveLength(2);
  });

  it('survives being written and read, and is refused when a byte of it was changed', async () => {
    const index = await open(data, { a: shard });
    const bytes = encodeIndex(index);
    expect(decodeIndex(bytes, 'index')).toEqual(index);
    expect(fingerprint(decodeIndex(bytes, 'index'))).toBe(fingerprint(index));
    for (const position of [3, 20, bytes.length - 40, bytes.length - 1]) {
      expect(() => decodeIndex(flip(Buffer.from(bytes), position), 'index')).toThrow('is not a whole index');
    }
    expect(() => decodeIndex(Buffer.alloc(3), 'index')).toThrow('is not a whole index');
  });

  it('has a fingerprint that depends on content and labels, not on where it is', async () => {
    const here = fingerprint(await open(data, { a: shard }));
    expect(fingerprint(await open(data, { a: shard, '.hidden': '' }))).toBe(here);
    const relabelled = tfRecordFile([imageExample(image('first', 2))]);
    expect(fingerprint(await open(data, { a: relabelled }))).not.toBe(here);
    const changed = tfRecordFile([imageExample(image('fIrst', 1))]);
    expect(fingerprint(await open(data, { a: changed }))).not.toBe(here);
  });

  it('of other settings is another one', () => {
    const tfrecord = { imageFeature: 'a', labelFeature: 'b', labelOffset: 1 };
    const keys = [
      indexKey(data, location),
      indexKey({ ...data, tfrecord }, location),
      indexKey(data, { ...location, pattern: 'train-*' }),
      indexKey({ format: 'webdataset' }, location),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  it('of a location without files is refused', async () => {
    await expect(open(data, {})).rejects.toThrow('memory://runs has no files');
    await expect(open(data, { a: shard }, 'train-*')).rejects.toThrow(
      'no file of memory://runs fits train-*',
    );
  });
});

describe('a location', () => {
  it('is taken apart at the folder before the first star', () => {
    expect(parseDataLocation('s3://data/imagenet/train-*')).toEqual({
      root: 's3://data/imagenet',
      pattern: 'train-*',
    });
    expect(parseDataLocation('/data/*/part-*.tar')).toEqual({ root: '/data', pattern: '*/part-*.tar' });
    expect(parseDataLocation('file:///data')).toEqual({ root: 'file:///data' });
    for (const wrong of ['s3://*', 's3://b*/x', 'train-*']) {
      expect(() => parseDataLocation(wrong)).toThrow('has a * where none can be');
    }
  });

  it('has stars for anything but a slash', () => {
    expect(fitsPattern('train-001.tar', 'train-*.tar')).toBe(true);
    expect(fitsPattern('train-001xtar', 'train-*.tar')).toBe(false);
    expect(fitsPattern('a/b', '*')).toBe(false);
    expect(fitsPattern('a/b', '*/*')).toBe(true);
  });
});

describe('CRC-32C', () => {
  it('has the values of RFC 3720, B.4', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array())).toBe(0);
  });
});

function flip(bytes: Buffer, position: number): Buffer {
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  return bytes;
}
