import type { DataRequest, IndexReport } from '../../../operator/api/trainer/data-request.ts';
import { readingData } from '../data-unavailable.ts';
import { indexKey, isKept, makeIndex, storeIndex } from '../index/open-index.ts';
import { classCounts, fingerprint } from '../index/sample-index.ts';
import { locateData } from './open-data.ts';

/**
 * Makes the index of data anew, whether there is one or not, and keeps it beside the data.
 * @throws InvalidData naming what is damaged
 */
export async function indexData(request: DataRequest): Promise<IndexReport> {
  const { location, storage, indexed } = locateData(request);
  const key = indexKey(indexed, location);
  return readingData(request.uri, async () => {
    const index = await makeIndex(indexed, location, storage);
    const stored = isKept(indexed, storage) && (await storeIndex(index, key, storage));
    return {
      images: index.label.length,
      shards: index.shards.length,
      classes: classCounts(index).map((images, label) => {
        const name = index.classes[label];
        return { images, ...(name === undefined ? {} : { name }) };
      }),
      fingerprint: fingerprint(index),
      ...(stored ? { stored: `${storage.uri}/${key}` } : {}),
    };
  });
}
