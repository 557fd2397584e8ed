import type { StoredObject } from '../../storage/storage.ts';
import { InvalidData } from '../invalid-data.ts';
import { isHidden } from './data-location.ts';
import { buildIndex, type SampleIndex } from './sample-index.ts';

/** Names that an image can have; anything else in a folder is passed over. */
const imageName = /\.(jpe?g|png)$/i;

/**
 * The index of a folder of classes. A label is the place of the class among all, sorted by name as bytes, as torchvision's
 * ImageFolder has it; so are the images of a class. Images may lie deeper.
 * @throws InvalidData if there is no image, or one belongs to no class
 */
export function indexImageFolder(objects: readonly StoredObject[], root: string): SampleIndex {
  const images = objects
    .filter(({ key }) => imageName.test(key) && !isHidden(key))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const stray = images.find(({ key }) => !key.includes('/'));
  if (stray !== undefined) {
    throw new InvalidData(
      `${root}/${stray.key} is in no folder of a class; an image folder has one folder for each class, and the images in these`,
    );
  }
  if (images.length === 0) {
    throw new InvalidData(
      `${root} has no images; an image folder has one folder for each class, with .jpg, .jpeg or .png files in them`,
    );
  }
  const byClass = Map.groupBy(images, ({ key }) => key.slice(0, key.indexOf('/')));
  const classes = [...byClass.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const builder = buildIndex();
  const shards: StoredObject[] = [];
  for (const [label, name] of classes.entries()) {
    for (const object of byClass.get(name) ?? []) {
      const length = object.sizeBytes;
      builder.add({ shard: shards.length, offset: 0, length, label, checksum: 0 });
      shards.push(object);
    }
  }
  return builder.finish({ format: 'image-folder', classes, shards });
}
