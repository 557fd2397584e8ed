// Owning pointers for objects of TensorFlow's C API: freed on every path, also when an error is thrown.
#ifndef RINGMASTER_NATIVE_RESOURCES_H_
#define RINGMASTER_NATIVE_RESOURCES_H_

#include <memory>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace ringmaster {

template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};

template <typename T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, Free>>;

using OwnedBuffer = Owned<TF_Buffer, TF_DeleteBuffer>;
using OwnedContextOptions = Owned<TFE_ContextOptions, TFE_DeleteContextOptions>;
using OwnedFunction = Owned<TF_Function, TF_DeleteFunction>;
using OwnedGraph = Owned<TF_Graph, TF_DeleteGraph>;
using OwnedImportOptions = Owned<TF_ImportGraphDefOptions, TF_DeleteImportGraphDefOptions>;
using OwnedOperation = Owned<TFE_Op, TFE_DeleteOp>;
using OwnedTensor = Owned<TF_Tensor, TF_DeleteTensor>;

// Shared, because a run on a worker thread keeps its inputs alive while JavaScript may free them.
using SharedHandle = std::shared_ptr<TFE_TensorHandle>;

inline SharedHandle ShareHandle(TFE_TensorHandle* handle) {
  return SharedHandle(handle, TFE_DeleteTensorHandle);
}

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_RESOURCES_H_
