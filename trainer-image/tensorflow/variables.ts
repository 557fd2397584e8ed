import { dataTypes } from './data-type.ts';
import { deviceFunction, type DeviceFunction } from './device-function.ts';
import { download, free, upload, type DeviceTensor } from './device-tensor.ts';
import type { HostTensor } from './host-tensor.ts';
import type { NativeModule } from './native-module.ts';
import { attribute, buildRecording, type Recording } from './recording.ts';

interface VariableShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** float32 variables that live on the device and are updated in place by captured functions. */
export interface Variables {
  readonly shapes: readonly VariableShape[];
  /** The handles, in order: the first inputs of a captured function. */
  readonly handles: readonly DeviceTensor[];
  /** Copies of all values. */
  readAll(): Promise<HostTensor[]>;
  /** Sets all values, given in order. @throws RangeError if a name or shape does not match; then nothing is set. */
  assignAll(values: readonly HostTensor[]): Promise<void>;
  /** Frees the device memory. */
  destroy(): Promise<void>;
}

/**
 * Makes variables with these values.
 * @param scope Unique in the process: TensorFlow shares variables of one name.
 */
export async function createVariables(
  native: NativeModule,
  scope: string,
  initial: readonly HostTensor[],
): Promise<Variables> {
  const shapes = initial.map(({ name, shape }) => ({ name, shape }));
  const create = deviceFunction(native, `${scope}/create`, creation(scope, shapes));
  const handles = await withUploaded(native, initial, (values) => create.run(values));
  create.remove();
  const read = deviceFunction(native, `${scope}/read`, reading(shapes));
  const assign = deviceFunction(native, `${scope}/assign`, assignment(shapes));
  const destroy = deviceFunction(native, `${scope}/destroy`, destruction(shapes));

  return {
    shapes,
    handles,
    async readAll() {
      const values = await read.run(handles);
      try {
        return values.map((value, index) => download(native, value, shapes[index]?.name ?? ''));
      } finally {
        free(native, values);
      }
    },
    async assignAll(values) {
      requireSameShapes(shapes, values);
      await withUploaded(native, values, (uploaded) => assign.run([...handles, ...uploaded]));
    },
    async destroy() {
      await destroy.run(handles);
      free(native, handles);
      for (const each of [read, assign, destroy] satisfies DeviceFunction[]) each.remove();
    },
  };
}

function requireSameShapes(shapes: readonly VariableShape[], values: readonly HostTensor[]): void {
  if (values.length !== shapes.length) {
    throw new RangeError(`${values.length} values were given for ${shapes.length} variables`);
  }
  shapes.forEach(({ name, shape }, index) => {
    const value = values[index];
    if (value?.name !== name || value.dtype !== 'float32' || value.shape.join() !== shape.join()) {
      const given =
        value === undefined ? 'nothing' : `${value.name} ${value.dtype}[${value.shape.join(', ')}]`;
      throw new RangeError(`variable ${name} is float32[${shape.join(', ')}], but was given ${given}`);
    }
  });
}

async function withUploaded<Result>(
  native: NativeModule,
  tensors: readonly HostTensor[],
  use: (uploaded: readonly DeviceTensor[]) => Promise<Result>,
): Promise<Result> {
  const uploaded: DeviceTensor[] = [];
  try {
    for (const { dtype, shape, data } of tensors) uploaded.push(upload(native, dtype, shape, data));
    return await use(uploaded);
  } finally {
    free(native, uploaded);
  }
}

const float = attribute.type(dataTypes.float32);
const handleSpec = { dataType: dataTypes.resource, shape: [] };

function creation(scope: string, shapes: readonly VariableShape[]): Recording {
  const builder = buildRecording();
  const values = shapes.map(({ shape }) => builder.input({ dataType: dataTypes.float32, shape }));
  const handles = shapes.map(({ name, shape }, index) => {
    const handle = {
      node: builder.node('VarHandleOp', {
        attributes: {
          dtype: float,
          shape: attribute.shape(shape),
          shared_name: attribute.string(`${scope}/${name}`),
          container: attribute.string(''),
        },
      }),
      index: 0,
    };
    const value = values[index];
    if (value === undefined) throw new RangeError(`variable ${name} has no initial value`);
    const assigned = builder.node('AssignVariableOp', {
      inputs: [handle, value],
      attributes: { dtype: float },
      effect: true,
    });
    const ready = builder.node('Identity', {
      inputs: [handle],
      after: [assigned],
      attributes: { T: attribute.type(dataTypes.resource) },
    });
    return { node: ready, index: 0 };
  });
  return builder.finish(handles);
}

function reading(shapes: readonly VariableShape[]): Recording {
  const builder = buildRecording();
  const handles = shapes.map(() => builder.input(handleSpec));
  return builder.finish(
    handles.map((handle) => ({
      node: builder.node('ReadVariableOp', { inputs: [handle], attributes: { dtype: float } }),
      index: 0,
    })),
  );
}

function assignment(shapes: readonly VariableShape[]): Recording {
  const builder = buildRecording();
  const handles = shapes.map(() => builder.input(handleSpec));
  shapes.forEach(({ shape }, index) => {
    const value = builder.input({ dataType: dataTypes.float32, shape });
    const handle = handles[index];
    if (handle === undefined) return;
    builder.node('AssignVariableOp', { inputs: [handle, value], attributes: { dtype: float }, effect: true });
  });
  return builder.finish([]);
}

function destruction(shapes: readonly VariableShape[]): Recording {
  const builder = buildRecording();
  for (const handle of shapes.map(() => builder.input(handleSpec))) {
    builder.node('DestroyResourceOp', { inputs: [handle], effect: true });
  }
  return builder.finish([]);
}
