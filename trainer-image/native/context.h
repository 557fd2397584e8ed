// The process's one eager context, shared by the TensorFlow.js binding and by this module.
#ifndef RINGMASTER_NATIVE_CONTEXT_H_
#define RINGMASTER_NATIVE_CONTEXT_H_

#include <string>

#include "arguments.h"

namespace ringmaster {

struct ContextSettings {
  // ConfigProto.
  Bytes config;
  // ServerDef; if not empty, this process joins the cluster it describes and collectives may be used.
  Bytes server_def;
  // Only devices whose name begins so are this process's own, as in /job:pod000/replica:0/task:1. Empty: all.
  std::string device_prefix;
};

// Makes the context. Throws if that fails or was done before. It lives as long as the process.
void StartContext(const ContextSettings& settings);

// Throws before StartContext has succeeded.
TFE_Context* Context();

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_CONTEXT_H_
