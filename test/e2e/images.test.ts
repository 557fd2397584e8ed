import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBuildah, type Buildah, type ImageConfig } from './buildah.ts';
import { images, imagesFolder } from './images.ts';

/** Names that a shell, a package manager or a downloader goes by. */
const tools =
  /^(sh|bash|dash|ash|zsh|busybox|npm|npx|corepack|yarn|pnpm|apt|apt-get|dpkg|apk|curl|wget|python3?|perl)$/;

let buildah: Buildah;
beforeAll(() => {
  buildah = openBuildah(imagesFolder());
});

interface Contents {
  readonly files: readonly string[];
  readonly setUserId: readonly string[];
  readonly bytes: number;
  readonly text: (file: string) => string;
}

/** Everything of an image that is no folder; some small files with their text. */
function contentsOf(image: string, texts: readonly string[] = []): Promise<Contents> {
  return buildah.withFiles(image, async (folder) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files: string[] = [];
    const setUserId: string[] = [];
    let bytes = 0;
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, size } = await stat(file);
      files.push(`/${path.relative(folder, file)}`);
      if ((mode & 0o6000) !== 0) setUserId.push(file);
      bytes += size;
    }
    const read = new Map(
      await Promise.all(
        texts.map(async (file) => [file, await readFile(path.join(folder, file), 'utf8')] as const),
      ),
    );
    return { files, setUserId, bytes, text: (file) => read.get(file) ?? '' };
  });
}

describe('the image of the operator', () => {
  let config: ImageConfig;
  let contents: Contents;
  const bom = '/opt/ringmaster/bom.cdx.json';
  beforeAll(async () => {
    config = await buildah.config(images.operator);
    contents = await contentsOf(images.operator, [bom]);
  });

  it('runs one bundled file on Node, as an account without rights', () => {
    expect(config.User).toBe('65532:65532');
    expect(config.Entrypoint?.at(0)).toBe('/usr/bin/node');
    expect(config.Entrypoint?.at(-1)).toBe('/opt/ringmaster/operator/cli/manager-main.cjs');
    expect(contents.files.filter((file) => /\.[cm]?[jt]s$/.test(file))).toEqual([
      '/opt/ringmaster/operator/cli/manager-main.cjs',
    ]);
  });

  it('has no shell, no package manager and nothing that gains rights', () => {
    expect(contents.files.filter((file) => tools.test(path.basename(file)))).toEqual([]);
    expect(contents.setUserId).toEqual([]);
    const programs = contents.files.filter((file) => /(^|\/)s?bin\//.test(file));
    expect(programs).toEqual(['/usr/bin/node']);
  });

  it('is little more than Node', () => {
    // 127 MB of Node, 4 of ours, 6 of libraries.
    expect(contents.bytes / 1e6).toBeLessThan(150);
  });

  it('says what it is and what is inside, under which terms', () => {
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': '0.1.0',
      'dev.ringmaster.sbom': bom,
    });
    for (const file of ['LICENSE', 'NOTICES.txt'])
      expect(contents.files).toContain(`/opt/ringmaster/${file}`);
    for (const name of ['undici', 'libc6', 'node']) expect(contents.text(bom)).toContain(`"name": "${name}"`);
  });

  it('asks the operator whether it is well', () => {
    expect(config.Healthcheck?.Test.join(' ')).toContain('http://127.0.0.1:8080/healthz');
  });
});

describe('the image of the trainer', () => {
  it('runs as an account without rights, and brings TensorFlow, its terms and nothing that built it', async () => {
    const bom = '/opt/ringmaster/bom.cdx.json';
    const config = await buildah.config(images.trainer);
    const { files, text } = await contentsOf(images.trainer, [bom]);
    expect(config.User).toBe('65532:65532');
    expect(files.some((file) => file.endsWith('/libtensorflow_cc.so.2'))).toBe(true);
    expect(files.some((file) => file.endsWith('/THIRD_PARTY_NOTICES.txt'))).toBe(true);
    expect(files.filter((file) => /^(npm|npx|g\+\+|gcc|pip3?|python3?)$/.test(path.basename(file)))).toEqual(
      [],
    );
    expect(files.filter((file) => /^\/opt\/.*\.(h|cc)$/.test(file))).toEqual([]);
    for (const name of ['tensorflow-cpu', '@tensorflow/tfjs', 'libc6'])
      expect(text(bom)).toContain(`"name": "${name}"`);
  });
});
