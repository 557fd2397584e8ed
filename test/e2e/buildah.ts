import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

const runProgram = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What buildah says of an image. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** buildah with a storage of its own, so that a person's images are neither used nor touched. */
export interface Buildah {
  run(args: readonly string[]): Promise<string>;
  /** Builds a Dockerfile of this repository, with its layers kept for the next time. */
  build(options: {
    readonly dockerfile: string;
    readonly target?: string;
    readonly tag: string;
    readonly arguments: Readonly<Record<string, string>>;
  }): Promise<void>;
  exists(image: string): Promise<boolean>;
  config(image: string): Promise<ImageConfig>;
  /** Writes an image as an archive that `ctr images import` reads. */
  save(image: string, file: string): Promise<void>;
  /** Shows the files of an image to a function as a folder. */
  withFiles<T>(image: string, look: (folder: string) => Promise<T>): Promise<T>;
}

/** @param folder where images and layers are kept */
export function openBuildah(folder: string): Buildah {
  const storage = [`--root=${folder}/storage`, `--runroot=${folder}/run`, '--storage-driver=overlay'];
  const run = async (args: readonly string[]) => {
    const running = runProgram('buildah', [...storage, ...args], {
      cwd: root,
      // Neither a user namespace nor a runtime is needed where root builds what it trusts.
      env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
      maxBuffer: 64 * 1024 * 1024,
    });
    const { stdout } = await running.catch((error: unknown) => {
      const { stderr } = error as { readonly stderr: string };
      throw new Error(`buildah ${args.join(' ')} failed: ${stderr.slice(-3000)}`);
    });
    return stdout.trim();
  };
  return {
    run,
    build: async ({ dockerfile, target, tag, arguments: named }) => {
      await run([
        ...['bud', '--layers', '--format=docker', '--pull-never', `--file=${dockerfile}`],
        `--ignorefile=${dockerfile}.dockerignore`,
        ...(target === undefined ? [] : [`--target=${target}`]),
        ...Object.entries(named).map(([name, value]) => `--build-arg=${name}=${value}`),
        ...[`--tag=${tag}`, '.'],
      ]);
    },
    exists: (image) =>
      run(['inspect', '--type=image', '--format={{.FromImageID}}', image]).then(
        () => true,
        () => false,
      ),
    config: async (image) => {
      const { Docker } = JSON.parse(await run(['inspect', '--type=image', image])) as {
        Docker: { config: ImageConfig };
      };
      return Docker.config;
    },
    save: async (image, file) => {
      await run(['push', '--quiet', image, `docker-archive:${file}:${image}`]);
    },
    withFiles: async (image, look) => {
      const container = await run(['from', '--pull-never', image]);
      try {
        return await look(await run(['mount', container]));
      } finally {
        await run(['rm', container]);
      }
    },
  };
}
