import { availableParallelism } from 'node:os';
import type { DataRequest } from '../../../operator/api/trainer/data-request.ts';
import { openStorage } from '../../storage/open-storage.ts';
import type { Storage } from '../../storage/storage.ts';
import { tensorFlowOnce } from '../../train/build-replica.ts';
import { readingData } from '../data-unavailable.ts';
import { createImageDecoder, type ImageDecoder } from '../decode/image-decoder.ts';
import { parseDataLocation, type DataLocation } from '../index/data-location.ts';
import { openIndex, type IndexedData } from '../index/open-index.ts';
import type { SampleIndex } from '../index/sample-index.ts';
import { createSampleSource, type SampleSource } from '../source/sample-source.ts';

/** Where the data of a request is. */
export function locateData({ uri, format, tfrecord, endpoint, credentialsFolder }: DataRequest): {
  readonly location: DataLocation;
  readonly storage: Storage;
  readonly indexed: IndexedData;
} {
  const location = parseDataLocation(uri);
  const storage = openStorage(location.root, {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentialsFolder === undefined ? {} : { credentialsFolder }),
  });
  return { location, storage, indexed: { format, ...(tfrecord === undefined ? {} : { tfrecord }) } };
}

/** Opens the images of a request and starts what decodes them. */
export async function openData(
  request: DataRequest,
  imageSize: number,
): Promise<{ readonly index: SampleIndex; readonly source: SampleSource; readonly decoder: ImageDecoder }> {
  const { location, storage, indexed } = locateData(request);
  const { index } = await readingData(request.uri, () => openIndex(indexed, location, storage));
  const threads = availableParallelism();
  const { native } = tensorFlowOnce({ rank: 0, addresses: [], threads })();
  return {
    index,
    source: createSampleSource(index, storage, undefined),
    decoder: createImageDecoder(native, imageSize, threads + 1),
  };
}
