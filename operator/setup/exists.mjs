import { access } from 'node:fs/promises';

/**
 * Whether there is a file or folder.
 * @param {string} file
 */
export async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
