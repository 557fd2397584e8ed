import type { Container } from '../api/wire.ts';
import { ContainerStartError } from './container-start-error.ts';
import { expandVariables } from './expand-variables.ts';

/** For each image that this node has, the command that stands for its entry point. */
export type Images = Readonly<Record<string, readonly string[]>>;

/**
 * Program and arguments of a container: `command` replaces the image's entry point, `args` follow it.
 * @throws ContainerStartError when this node does not have the image
 */
export function containerCommand(
  { image, command, args = [] }: Container,
  images: Images,
  environment: Readonly<Record<string, string>>,
): { readonly program: string; readonly args: readonly string[] } {
  const entryPoint = Object.hasOwn(images, image) ? images[image] : undefined;
  if (entryPoint === undefined) {
    throw new ContainerStartError(
      'ErrImageNeverPull',
      `image ${image} is not on this node, which runs images as plain processes and knows ${Object.keys(images).join(', ') || 'none'}; ` +
        'leave spec.trainers.image out to get the one of this release',
    );
  }
  const [program, ...rest] = [...(command ?? entryPoint), ...args].map((word) =>
    expandVariables(word, environment),
  );
  if (program === undefined)
    throw new ContainerStartError(
      'StartError',
      `image ${image} has no entry point and the container no command`,
    );
  return { program, args: rest };
}
