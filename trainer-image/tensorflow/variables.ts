import { dataTypes } from './data-type.ts';
import { deviceFunction, type DeviceFunction } from './device-function.ts';
import { download, free, upload, type DeviceTensor } from './device-tensor.ts';
import type { HostDataType, HostTensor } from './host-tensor.ts';
import type { NativeModule } from './native-module.ts';
import { attribute, buildRecording, type Recording } from './recording.ts';

/** What of a variable never changes. */
interface VariableSpec {
  readonly name: string;
  readonly dtype: HostDataType;
  readonly shape: readonly number[];
}

/** Variables that live on the device and are updated in place by captured functions. */
export interface Variables {
  readonly shapes: readonly VariableSpec[];
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
  const shapes = initial.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
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

function requireSameShapes(shapes: readonly VariableSpec[], values: readonly HostTensor[]): void {
  if (values.length !== shapes.length) {
    throw new RangeError(`${values.length} values were given for ${shapes.length} variables`);
  }
  shapes.forEach(({ name, dtype, shape }, index) => {
    const value = values[index];
    if (value?.name !== name || value.dtype !== dtype || value.shape.join() !== shape.join()) {
      const given =
        value === undefined ? 'nothing' : `${value.name} ${value.dtype}[${value.shape.join(', ')}]`;
      throw new RangeError(`variable ${name} is ${dtype}[${shape.join(', ')}], but was given ${given}`);
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

const handleSpec = { dataType: dataTypes.resource, shape: [] };

function creation(scope: string, shapes: readonly VariableSpec[]): Recording {
  const builder = buildRecording();
  const values = shapes.map(({ dtype, shape }) => builder.input({ dataType: dataTypes[dtype], shape }));
  const handles = shapes.map(({ name, dtype, shape }, index) => {
    const type = attribute.type(dataTypes[dtype]);
    const handle = {
      node: builder.node('VarHandleOp', {
        attributes: {
          dtype: type,
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
      attributes: { dtype: type },
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

function reading(shapes: readonly VariableSpec[]): Recording {
  const builder = buildRecording();
  const handles = shapes.map(({ dtype }) => ({ handle: builder.input(handleSpec), dtype }));
  return builder.finish(
    handles.map(({ handle, dtype }) => ({
      node: builder.node('ReadVariableOp', {
        inputs: [handle],
        attributes: { dtype: attribute.type(dataTypes[dtype]) },
      }),
      index: 0,
    })),
  );
}

function assignment(shapes: readonly VariableSpec[]): Recording {
  const builder = buildRecording();
  const handles = shapes.map(() => builder.input(handleSpec));
  shapes.forEach(({ dtype, shape }, index) => {
    const value = builder.input({ dataType: dataTypes[dtype], shape });
    const handle = handles[index];
    if (handle === undefined) return;
    builder.node('AssignVariableOp', {
      inputs: [handle, value],
      attributes: { dtype: attribute.type(dataTypes[dtype]) },
      effect: true,
    });
  });
  return builder.finish([]);
}

function destruction(shapes: readonly VariableSpec[]): Recording {
  const builder = buildRecording();
  for (const handle of shapes.map(() => builder.input(handleSpec))) {
    builder.node('DestroyResourceOp', { inputs: [handle], effect: true });
  }
  return builder.finish([]);
}
