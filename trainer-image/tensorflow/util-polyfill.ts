import util from 'node:util';

// TensorFlow.js 4.22 calls two functions of Node.js that are gone or deprecated: `isNullOrUndefined` since version 23
// (tensorflow/tfjs#8425, merged but unreleased), and `isArray`, which warns. Import this before TensorFlow.js.
Object.defineProperties(util, {
  isNullOrUndefined: { value: (value: unknown) => value === null || value === undefined, configurable: true },
  isArray: { value: (value: unknown) => Array.isArray(value), configurable: true },
});
