import type { CheckReport, IndexReport } from '../../api/trainer/data-request.ts';
import { formatCount } from '../display/figures.ts';

const mostClasses = 20;
const mostProblems = 50;

/** An index in lines for people. */
export function describeIndex({ images, shards, classes, fingerprint, stored }: IndexReport): string[] {
  const counts = classes.map((each) => each.images);
  const shown = classes.slice(0, mostClasses).map((each, label) => {
    const name = each.name === undefined ? '' : `  ${each.name}`;
    return `  label ${label}  ${formatCount(each.images)} images${name}`;
  });
  return [
    `images       ${formatCount(images)} in ${formatCount(shards)} files`,
    `classes      ${formatCount(classes.length)}, of ${formatCount(Math.min(...counts))} to ${formatCount(Math.max(...counts))} images`,
    ...shown,
    ...(classes.length > mostClasses ? [`  and ${classes.length - mostClasses} more`] : []),
    `fingerprint  ${fingerprint}`,
    `kept in      ${stored ?? 'nothing: the folder is listed each time, or may not be written to'}`,
  ];
}

/** What a check found, in lines for people. */
export function describeCheck({ images, problems }: CheckReport): string[] {
  const shown = problems
    .slice(0, mostProblems)
    .map(({ image, problem, message }) => `${problem}  ${image}: ${message}`);
  const damaged = problems.filter(({ problem }) => problem === 'unreadable').length;
  return [
    ...shown,
    ...(problems.length > mostProblems ? [`and ${problems.length - mostProblems} more`] : []),
    `${formatCount(images)} images: ${formatCount(damaged)} damaged, ${formatCount(problems.length - damaged)} odd`,
  ];
}
