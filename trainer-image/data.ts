import { text } from 'node:stream/consumers';
import { DataRequest } from '../operator/api/trainer/data-request.ts';
import { exitCodeOf } from '../operator/api/trainer/exit-codes.ts';
import { checkData } from './data/manage/check-data.ts';
import { indexData } from './data/manage/index-data.ts';
import { previewData } from './data/manage/preview-data.ts';
import { toFailure } from './train/failure.ts';

/**
 * Looks after data in a process of its own: `data.ts < REQUEST`, with a `DataRequest` as JSON on standard input. Prints
 * one line of JSON, or what went wrong on standard error, with an exit code of `exit-codes.ts`.
 */
// Errors only: what TensorFlow says besides is about its own build.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
try {
  const request = DataRequest.parse(JSON.parse(await text(process.stdin)));
  process.stdout.write(`${JSON.stringify(await answer(request))}\n`);
} catch (error) {
  const { reason, message } = toFailure(error, undefined);
  process.stderr.write(`${reason}: ${message}\n`);
  process.exitCode = exitCodeOf(reason);
}

function answer(request: DataRequest): Promise<unknown> {
  switch (request.action) {
    case 'index':
      return indexData(request);
    case 'check':
      return checkData(request);
    case 'preview':
      return previewData(request, request.to ?? 'preview.png');
  }
}
