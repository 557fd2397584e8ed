// The module's entry point and the table of what JavaScript can call.
#include <node_api.h>

#include "arguments.h"
#include "context.h"
#include "functions.h"
#include "tensors.h"

// The entry point of the TensorFlow.js binding under the name that the build gives it (see README.md).
extern "C" napi_value tfjs_register(napi_env env, napi_value exports);

namespace ringmaster {
namespace {

// start(config, serverDef, devicePrefix) -> the exports of the TensorFlow.js binding
napi_value Start(const Arguments& arguments) {
  StartContext({arguments.Buffer(0, "config"), arguments.Buffer(1, "serverDef"), arguments.String(2, "devicePrefix")});
  napi_value exports;
  RequireNapi(napi_create_object(arguments.env(), &exports));
  return tfjs_register(arguments.env(), exports);
}

// Calls Body and turns what it throws into a JavaScript exception.
template <napi_value (*Body)(const Arguments&)>
napi_value Callback(napi_env env, napi_callback_info info) {
  try {
    return Body(Arguments(env, info));
  } catch (const Error& error) {
    const napi_value value = ToJavaScript(env, error);
    if (value != nullptr) napi_throw(env, value);
  } catch (const std::exception& error) {
    napi_throw_error(env, "INTERNAL", error.what());
  }
  return nullptr;
}

template <napi_value (*Body)(const Arguments&)>
constexpr napi_property_descriptor Method(const char* name) {
  return {name, nullptr, Callback<Body>, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
}

}  // namespace
}  // namespace ringmaster

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  using namespace ringmaster;
  const napi_property_descriptor methods[] = {
      Method<Start>("start"),
      Method<RegisterFunction>("registerFunction"),
      Method<RemoveFunction>("removeFunction"),
      Method<Run>("run"),
      Method<CreateTensor>("createTensor"),
      Method<ReadTensor>("readTensor"),
      Method<CopyTensor>("copyTensor"),
      Method<FreeTensor>("freeTensor"),
      Method<CountTensors>("countTensors"),
  };
  napi_define_properties(env, exports, sizeof(methods) / sizeof(methods[0]), methods);
  return exports;
}
