// Errors on their way to JavaScript. They are C++ exceptions inside this module and become JavaScript errors at its
// border (module.cc for synchronous calls, functions.cc for promises); none crosses it.
#ifndef RINGMASTER_NATIVE_ERROR_H_
#define RINGMASTER_NATIVE_ERROR_H_

#include <stdexcept>
#include <string>

#include "resources.h"

namespace ringmaster {

// `code` becomes the JavaScript error's `code`: TensorFlow's name of the status, as in UNAVAILABLE.
struct Error : std::runtime_error {
  Error(const std::string& error_code, const std::string& message)
      : std::runtime_error(message), code(error_code) {}

  std::string code;
};

inline const char* CodeName(TF_Code code) {
  switch (code) {
    case TF_OK: return "OK";
    case TF_CANCELLED: return "CANCELLED";
    case TF_UNKNOWN: return "UNKNOWN";
    case TF_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
    case TF_DEADLINE_EXCEEDED: return "DEADLINE_EXCEEDED";
    case TF_NOT_FOUND: return "NOT_FOUND";
    case TF_ALREADY_EXISTS: return "ALREADY_EXISTS";
    case TF_PERMISSION_DENIED: return "PERMISSION_DENIED";
    case TF_UNAUTHENTICATED: return "UNAUTHENTICATED";
    case TF_RESOURCE_EXHAUSTED: return "RESOURCE_EXHAUSTED";
    case TF_FAILED_PRECONDITION: return "FAILED_PRECONDITION";
    case TF_ABORTED: return "ABORTED";
    case TF_OUT_OF_RANGE: return "OUT_OF_RANGE";
    case TF_UNIMPLEMENTED: return "UNIMPLEMENTED";
    case TF_INTERNAL: return "INTERNAL";
    case TF_UNAVAILABLE: return "UNAVAILABLE";
    case TF_DATA_LOSS: return "DATA_LOSS";
  }
  return "UNKNOWN";
}

// A TF_Status that is freed with its scope. Pass it to a C call, then Check what came of it.
class Status {
 public:
  operator TF_Status*() { return status_.get(); }

  // Throws if the last call failed; `doing` says what was tried, as in "import graph 'step'".
  void Check(const std::string& doing) {
    const TF_Code code = TF_GetCode(status_.get());
    if (code != TF_OK) throw Error(CodeName(code), doing + ": " + TF_Message(status_.get()));
  }

 private:
  Owned<TF_Status, TF_DeleteStatus> status_{TF_NewStatus()};
};

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_ERROR_H_
