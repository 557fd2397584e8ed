import { expect, it } from 'vitest';

import type { NativeAnswer } from './ranks/native-calls.ts';
import { runRanks } from './run-ranks.ts';

it('the native calls check their arguments, name their errors and lose no tensor', async () => {
  const [answer] = (await runRanks('native-calls', 1, null)) as [NativeAnswer];
  expect(answer.doubled).toEqual([2, 4]);
  expect(answer.copied).toEqual([2, 4]);
  expect(answer.description).toEqual({ dataType: 1, shape: [2] });
  const matching = (text: string) => expect.stringContaining(text) as string;
  expect(answer.failures).toEqual({
    secondStart: matching('FAILED_PRECONDITION: TensorFlow was already started'),
    shortBytes: 'INVALID_ARGUMENT: 8 bytes do not fill the shape',
    overflowingShape: 'INVALID_ARGUMENT: 8 bytes do not fill the shape',
    negativeShape: 'INVALID_ARGUMENT: argument shape must be an integer, 0 or more',
    stringType: 'INVALID_ARGUMENT: strings can only be made one by one, with an empty shape',
    smallTarget: 'INVALID_ARGUMENT: the tensor has 8 bytes, the target 7',
    stringBytes: 'INVALID_ARGUMENT: only tensors of numbers can be read as bytes',
    freedTwice: matching('NOT_FOUND: no tensor has number'),
    unknownTensor: matching('NOT_FOUND: no tensor has number 999999'),
    unknownInput: matching('NOT_FOUND: no tensor has number 999999'),
    unknownFunction: matching('NOT_FOUND: '),
    tooFewInputs: matching('INVALID_ARGUMENT: '),
    noGraph: matching('INVALID_ARGUMENT: import graph'),
    unknownNode: "NOT_FOUND: the graph has no node 'y'",
    missingArgument: 'INVALID_ARGUMENT: argument bytes must be given',
    wrongArgument: 'INVALID_ARGUMENT: argument inputs must be an array',
  });
  expect(answer.removed).toContain('NOT_FOUND');
  expect(answer.left).toBe(0);
});
