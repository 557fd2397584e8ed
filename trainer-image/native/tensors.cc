#include "tensors.h"

#include <cstring>

#include "handles.h"

namespace ringmaster {
namespace {

void FreeString(void* data, size_t, void*) {
  TF_TString* string = static_cast<TF_TString*>(data);
  TF_TString_Dealloc(string);
  delete string;
}

// One string of any bytes, such as an encoded image. TF_AllocateTensor would free it without what it points to.
OwnedTensor StringTensor(const Bytes& bytes) {
  TF_TString* string = new TF_TString;
  TF_TString_Init(string);
  TF_TString_Copy(string, static_cast<const char*>(bytes.data), bytes.size);
  OwnedTensor tensor(TF_NewTensor(TF_STRING, nullptr, 0, string, sizeof(TF_TString), FreeString, nullptr));
  if (!tensor) throw Error("RESOURCE_EXHAUSTED", "cannot allocate a string");
  return tensor;
}

int64_t InsertTensor(const OwnedTensor& tensor) {
  Status status;
  SharedHandle handle = ShareHandle(TFE_NewTensorHandle(tensor.get(), status));
  status.Check("create tensor");
  return InsertHandle(std::move(handle));
}

OwnedTensor Resolve(const SharedHandle& handle) {
  Status status;
  OwnedTensor tensor(TFE_TensorHandleResolve(handle.get(), status));
  status.Check("read tensor");
  if (TF_DataTypeSize(TF_TensorType(tensor.get())) == 0) {
    throw Error("INVALID_ARGUMENT", "only tensors of numbers can be read as bytes");
  }
  return tensor;
}

}  // namespace

napi_value CreateTensor(const Arguments& arguments) {
  const auto type = static_cast<TF_DataType>(arguments.Integer(0, "dataType"));
  const std::vector<int64_t> shape = arguments.Integers(1, "shape");
  const Bytes bytes = arguments.Buffer(2, "bytes");

  if (type == TF_STRING) {
    if (!shape.empty()) throw Error("INVALID_ARGUMENT", "strings can only be made one by one, with an empty shape");
    return FromInteger(arguments.env(), InsertTensor(StringTensor(bytes)));
  }
  const size_t element_size = TF_DataTypeSize(type);
  if (element_size == 0) {
    throw Error("INVALID_ARGUMENT", "data type " + std::to_string(type) + " has no elements of a fixed size");
  }
  // Counts down from the bytes given rather than up to the bytes wanted, which could overflow.
  size_t remaining = bytes.size / element_size;
  bool fits = bytes.size % element_size == 0;
  bool empty = false;
  for (const int64_t dimension : shape) {
    if (dimension == 0) {
      empty = true;
    } else if (remaining % static_cast<size_t>(dimension) == 0) {
      remaining /= static_cast<size_t>(dimension);
    } else {
      fits = false;
    }
  }
  if (empty ? bytes.size != 0 : !fits || remaining != 1) {
    throw Error("INVALID_ARGUMENT", std::to_string(bytes.size) + " bytes do not fill the shape");
  }

  OwnedTensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), bytes.size));
  if (!tensor) throw Error("RESOURCE_EXHAUSTED", "cannot allocate " + std::to_string(bytes.size) + " bytes");
  if (bytes.size > 0) std::memcpy(TF_TensorData(tensor.get()), bytes.data, bytes.size);
  return FromInteger(arguments.env(), InsertTensor(tensor));
}

napi_value ReadTensor(const Arguments& arguments) {
  const napi_env env = arguments.env();
  const OwnedTensor tensor = Resolve(FindHandle(arguments.Integer(0, "tensor")));

  std::vector<int64_t> shape(TF_NumDims(tensor.get()));
  for (size_t i = 0; i < shape.size(); i++) shape[i] = TF_Dim(tensor.get(), static_cast<int>(i));
  napi_value data, result;
  RequireNapi(napi_create_buffer_copy(env, TF_TensorByteSize(tensor.get()), TF_TensorData(tensor.get()), nullptr, &data));
  RequireNapi(napi_create_object(env, &result));
  RequireNapi(napi_set_named_property(env, result, "dataType", FromInteger(env, TF_TensorType(tensor.get()))));
  RequireNapi(napi_set_named_property(env, result, "shape", FromIntegers(env, shape)));
  RequireNapi(napi_set_named_property(env, result, "data", data));
  return result;
}

napi_value CopyTensor(const Arguments& arguments) {
  const OwnedTensor tensor = Resolve(FindHandle(arguments.Integer(0, "tensor")));
  const Bytes target = arguments.Buffer(1, "target");
  const size_t size = TF_TensorByteSize(tensor.get());
  if (target.size != size) {
    throw Error("INVALID_ARGUMENT", "the tensor has " + std::to_string(size) + " bytes, the target " +
                                        std::to_string(target.size));
  }
  if (size > 0) std::memcpy(target.data, TF_TensorData(tensor.get()), size);
  return Undefined(arguments.env());
}

napi_value FreeTensor(const Arguments& arguments) {
  FreeHandle(arguments.Integer(0, "tensor"));
  return Undefined(arguments.env());
}

napi_value CountTensors(const Arguments& arguments) { return FromInteger(arguments.env(), CountHandles()); }

}  // namespace ringmaster
