#include "context.h"

#include <cstring>

#include "tensorflow/c/c_api_experimental.h"

namespace ringmaster {
namespace {

TFE_Context* process_context = nullptr;
std::string own_device_prefix;

}  // namespace

void StartContext(const ContextSettings& settings) {
  if (process_context != nullptr) {
    throw Error("FAILED_PRECONDITION", "TensorFlow was already started in this process");
  }
  Status status;
  OwnedContextOptions options(TFE_NewContextOptions());
  TFE_ContextOptionsSetConfig(options.get(), settings.config.data, settings.config.size, status);
  status.Check("read ConfigProto");
  Owned<TFE_Context, TFE_DeleteContext> context(TFE_NewContext(options.get(), status));
  status.Check("create TensorFlow context");
  if (settings.server_def.size > 0) {
    // Renames and replaces the context's devices, so it has to come before anybody lists them or makes a tensor.
    TFE_EnableCollectiveOps(context.get(), settings.server_def.data, settings.server_def.size, status);
    status.Check("join the cluster");
  }
  own_device_prefix = settings.device_prefix;
  process_context = context.release();
}

TFE_Context* Context() {
  if (process_context == nullptr) throw Error("FAILED_PRECONDITION", "call start first");
  return process_context;
}

}  // namespace ringmaster

// What the TensorFlow.js binding calls instead of the functions of the same name in TensorFlow (see README.md).
extern "C" {

TFE_Context* ringmaster_NewContext(const TFE_ContextOptions*, TF_Status* status) {
  if (ringmaster::process_context == nullptr) {
    TF_SetStatus(status, TF_FAILED_PRECONDITION, "call start first");
  }
  return ringmaster::process_context;
}

// The binding deletes its context when the environment ends. Worker threads may still be running functions then, and a
// server that joined a cluster has no clean end, so the context is left to the end of the process.
void ringmaster_DeleteContext(TFE_Context*) {}

// The binding takes the last CPU or GPU that is listed; other tasks' devices must not look like either.
const char* ringmaster_DeviceListType(const TF_DeviceList* list, int index, TF_Status* status) {
  const char* name = TF_DeviceListName(list, index, status);
  if (name == nullptr) return nullptr;
  const std::string& prefix = ringmaster::own_device_prefix;
  if (std::strncmp(name, prefix.data(), prefix.size()) != 0) return "REMOTE";
  return TF_DeviceListType(list, index, status);
}

}  // extern "C"
