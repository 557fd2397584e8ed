import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CheckReport, IndexReport, PreviewReport, type DataRequest } from '../../api/trainer/data-request.ts';
import { absoluteLocation, type StoreOptions } from '../checkpoints/checkpoints-program.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { formatOutput, outputOption, type OutputFormat } from '../output.ts';
import { runDataProgram } from './data-program.ts';
import { describeCheck, describeIndex } from './describe-data.ts';

interface DataOptions extends StoreOptions {
  readonly format: DataRequest['format'];
  readonly imageFeature?: string;
  readonly labelFeature?: string;
  readonly labelOffset?: number;
  readonly output?: OutputFormat;
}

interface PreviewOptions extends DataOptions {
  readonly augmentation: DataRequest['augmentation'];
  readonly size: number;
  readonly images: number;
  readonly seed: number;
  readonly to: string;
}

/** `ringmaster data index|check|preview URI` */
export function dataCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  const { stdout, workingFolder } = context;
  const print = (value: unknown, lines: readonly string[], { output }: DataOptions) => {
    stdout.write(output === undefined ? `${lines.join('\n')}\n` : formatOutput(value, output));
    finish(commandExitCodes.success);
  };
  const action = (name: string, summary: string, description: string) =>
    new Command(name)
      .summary(summary)
      .description(description)
      .argument('<uri>', 'as data.train has it: a folder, s3://bucket/prefix, or shards with *')
      .addOption(
        new Option('--format <format>', 'as data.format has it')
          .choices(['image-folder', 'tfrecord', 'webdataset'])
          .makeOptionMandatory(),
      )
      .option('--image-feature <name>', 'as data.tfrecord.imageFeature has it')
      .option('--label-feature <name>', 'as data.tfrecord.labelFeature has it')
      .option('--label-offset <number>', 'as data.tfrecord.labelOffset has it', wholeNumber)
      .option('--endpoint <url>', 'endpoint of an S3-compatible store (default: AWS)')
      .option(
        '--credentials <folder>',
        'folder with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (default: as the AWS tools find them)',
      )
      .addOption(outputOption('json or yaml on standard output'));
  const request = (uri: string, options: DataOptions) => ({
    uri: absoluteLocation(uri, workingFolder),
    format: options.format,
    ...tfrecordOf(options),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined
      ? {}
      : { credentialsFolder: resolve(workingFolder, options.credentials) }),
  });

  return new Command('data')
    .description('Indexes, checks and shows image folders, TFRecord files and WebDataset shards.')
    .addCommand(
      action(
        'index',
        'find every image, once',
        'Lists an image folder, or reads shards from end to end and checks their checksums, and keeps beside the data where each image is. Training does it too when there is no index; make it anew when images were added or changed.',
      ).action(async (uri: string, options: DataOptions) => {
        const report = await runDataProgram(context, IndexReport, {
          action: 'index',
          ...request(uri, options),
        });
        print(report, describeIndex(report), options);
      }),
    )
    .addCommand(
      action(
        'check',
        'decode every image and name those that are damaged or odd',
        'Decodes every image. Names those that are damaged, in CMYK, of another encoding than their name says, or larger than 25 million pixels. Exit code 1 if any is damaged.',
      ).action(async (uri: string, options: DataOptions) => {
        const report = await runDataProgram(context, CheckReport, {
          action: 'check',
          ...request(uri, options),
        });
        print(report, describeCheck(report), options);
        if (report.problems.some(({ problem }) => problem === 'unreadable')) finish(commandExitCodes.failed);
      }),
    )
    .addCommand(
      action(
        'preview',
        'draw a contact sheet of what the network will see',
        'Writes a PNG: a row for each image; in it the image as in validation, then as in training in seven epochs.',
      )
        .addOption(
          new Option('--augmentation <name>', 'as data.augmentation has it')
            .choices(['paper', 'gluoncv', 'none'])
            .default('paper'),
        )
        .option('--size <pixels>', 'as model.imageSize has it', wholeNumber, 224)
        .option('--images <count>', 'rows of the sheet, at most 64', wholeNumber, 8)
        .option('--seed <number>', 'as recipe.seed has it', wholeNumber, 0)
        .option('--to <file>', 'file to write', 'preview.png')
        .action(async (uri: string, options: PreviewOptions) => {
          const { augmentation, size: imageSize, images, seed } = options;
          const to = resolve(workingFolder, options.to);
          const report = await runDataProgram(context, PreviewReport, {
            ...{ action: 'preview', augmentation, imageSize, images, seed, to },
            ...request(uri, options),
          });
          print(
            report,
            [`wrote ${report.file}: ${report.images} images, each in ${report.columns} ways`],
            options,
          );
        }),
    );
}

function tfrecordOf({ imageFeature, labelFeature, labelOffset }: DataOptions) {
  if (imageFeature === undefined && labelFeature === undefined && labelOffset === undefined) return {};
  return {
    tfrecord: {
      ...(imageFeature === undefined ? {} : { imageFeature }),
      ...(labelFeature === undefined ? {} : { labelFeature }),
      ...(labelOffset === undefined ? {} : { labelOffset }),
    },
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}
