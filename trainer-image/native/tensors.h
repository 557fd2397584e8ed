// Tensors from bytes and back to bytes.
#ifndef RINGMASTER_NATIVE_TENSORS_H_
#define RINGMASTER_NATIVE_TENSORS_H_

#include "arguments.h"

namespace ringmaster {

// createTensor(dataType, shape, bytes) -> number. Copies the bytes. Of a string, only a scalar.
napi_value CreateTensor(const Arguments& arguments);

// readTensor(number) -> {dataType, shape, data}. Waits for the device if need be; the bytes are a copy.
napi_value ReadTensor(const Arguments& arguments);

// copyTensor(number, target). The same into memory of JavaScript, which must be as large.
napi_value CopyTensor(const Arguments& arguments);

// freeTensor(number)
napi_value FreeTensor(const Arguments& arguments);

// countTensors() -> number of tensors not yet freed
napi_value CountTensors(const Arguments& arguments);

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_TENSORS_H_
