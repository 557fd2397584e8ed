import { resolve } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod';
import { formatBytes } from '../../base/quantities.ts';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../context.ts';
import { commandExitCodes } from '../exit-codes.ts';
import { formatOutput, outputOption, type OutputFormat } from '../output.ts';
import {
  CheckpointDetails,
  CheckpointSummary,
  DownloadResult,
  ExportResult,
  PruneResult,
} from './checkpoint-documents.ts';
import { runCheckpointsProgram, type StoreOptions } from './checkpoints-program.ts';
import { describeCheckpoint, describeCheckpoints } from './describe-checkpoints.ts';

interface OutputOptions extends StoreOptions {
  readonly output?: OutputFormat;
}

interface PruneOptions extends OutputOptions {
  readonly keepLast: number;
  readonly best: boolean;
}

interface ExportOptions extends OutputOptions {
  readonly backbone?: boolean;
}

/** `ringmaster checkpoints list|verify|show|prune|download|export URI` */
export function checkpointsCommand(context: CommandContext, finish: (exitCode: number) => void): Command {
  const { stdout, clock, workingFolder } = context;
  const print = (value: unknown, lines: readonly string[], { output }: OutputOptions) => {
    stdout.write(output === undefined ? `${lines.join('\n')}\n` : formatOutput(value, output));
    finish(commandExitCodes.success);
  };
  const action = (name: string, summary: string, argument = 'a folder of checkpoints, or one of them') =>
    new Command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .argument('<uri>', `s3://bucket/prefix or folder: ${argument}`)
      .option('--endpoint <url>', 'endpoint of an S3-compatible store (default: AWS)')
      .option(
        '--credentials <folder>',
        'folder with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (default: as the AWS tools find them)',
      )
      .addOption(outputOption('json or yaml on standard output'));
  const one = 'a checkpoint, or the folder of one run for its newest';

  return new Command('checkpoints')
    .description('Lists, checks, removes, fetches and exports checkpoints in folders and object storage.')
    .addCommand(
      action('list', 'show what checkpoints there are').action(
        async (uri: string, options: OutputOptions) => {
          const found = await runCheckpointsProgram(context, z.array(CheckpointSummary), {
            action: 'list',
            uri,
            store: options,
          });
          print(found, describeCheckpoints(found, clock.now(), 'complete'), options);
        },
      ),
    )
    .addCommand(
      action('verify', 'read every byte and compare it with the manifests').action(
        async (uri: string, options: OutputOptions) => {
          const found = await runCheckpointsProgram(context, z.array(CheckpointSummary), {
            action: 'verify',
            uri,
            store: options,
          });
          print(found, describeCheckpoints(found, clock.now(), 'verified'), options);
          const isGood = found.length > 0 && found.every(({ problem }) => problem === undefined);
          if (!isGood) finish(commandExitCodes.failed);
        },
      ),
    )
    .addCommand(
      action('show', 'show one checkpoint in full', one).action(
        async (uri: string, options: OutputOptions) => {
          const details = await runCheckpointsProgram(context, CheckpointDetails, {
            action: 'show',
            uri,
            store: options,
          });
          print(details, describeCheckpoint(details, clock.now()), options);
        },
      ),
    )
    .addCommand(
      action('prune', 'remove what a run need not keep; not while it trains', 'the folder of one run')
        .requiredOption('--keep-last <count>', 'how many of the newest to keep', parseCount)
        .option('--no-best', 'do not keep the one of the best top-1 besides')
        .action(async (uri: string, options: PruneOptions) => {
          const keep = ['--keep-last', String(options.keepLast), ...(options.best ? ['--keep-best'] : [])];
          const result = await runCheckpointsProgram(context, PruneResult, {
            action: 'prune',
            uri,
            store: options,
            options: keep,
          });
          const lines = [
            ...result.removed.map((removed) => `removed ${removed}`),
            ...result.kept.map((kept) => `kept    ${kept}`),
          ];
          print(result, lines, options);
        }),
    )
    .addCommand(
      action('download', 'fetch one checkpoint, verified', one)
        .argument('<folder>', 'where to put its step folder')
        .action(async (uri: string, folder: string, options: OutputOptions) => {
          const result = await runCheckpointsProgram(context, DownloadResult, {
            action: 'download',
            uri,
            store: options,
            options: ['--to', resolve(workingFolder, folder)],
          });
          print(result, [result.folder], options);
        }),
    )
    .addCommand(
      action('export', 'write the weights for torchvision or timm', one)
        .argument('<file>', 'where to write the safetensors file')
        .option('--backbone', 'leave the classifier out, for detection, segmentation and fine-tuning')
        .action(async (uri: string, file: string, options: ExportOptions) => {
          const result = await runCheckpointsProgram(context, ExportResult, {
            action: 'export',
            uri,
            store: options,
            options: [
              ...['--to', resolve(workingFolder, file)],
              ...(options.backbone === true ? ['--backbone'] : []),
            ],
          });
          print(result, [`${result.file} (${formatBytes(result.sizeBytes)}) from ${result.uri}`], options);
        }),
    );
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new CommandError(`--keep-last must be a whole number of at least 1 (found "${text}")`);
  }
  return count;
}
