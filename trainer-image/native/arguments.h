// Arguments of a call from JavaScript, checked, and values on their way back.
#ifndef RINGMASTER_NATIVE_ARGUMENTS_H_
#define RINGMASTER_NATIVE_ARGUMENTS_H_

#include <node_api.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "error.h"

namespace ringmaster {

// A view of bytes that JavaScript owns; valid until the call returns.
struct Bytes {
  void* data;
  size_t size;
};

class Arguments {
 public:
  static constexpr size_t kMost = 8;

  Arguments(napi_env env, napi_callback_info info) : env_(env), count_(kMost) {
    Require(napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr), "the call");
  }

  napi_env env() const { return env_; }

  std::string String(size_t index, const char* name) const { return ToString(At(index, name), name); }

  // 0 or more, up to 2^53 - 1, the last integer that JavaScript counts to exactly.
  int64_t Integer(size_t index, const char* name) const { return ToInteger(At(index, name), name); }

  Bytes Buffer(size_t index, const char* name) const {
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_typedarray_info(env_, At(index, name), &type, &length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_uint8_array) {
      Refuse(name, "a Uint8Array");
    }
    return {data, length};
  }

  std::vector<std::string> Strings(size_t index, const char* name) const {
    std::vector<std::string> result;
    for (napi_value element : Elements(index, name)) result.push_back(ToString(element, name));
    return result;
  }

  std::vector<int64_t> Integers(size_t index, const char* name) const {
    std::vector<int64_t> result;
    for (napi_value element : Elements(index, name)) result.push_back(ToInteger(element, name));
    return result;
  }

 private:
  napi_value At(size_t index, const char* name) const {
    if (index >= count_) Refuse(name, "given");
    return values_[index];
  }

  std::vector<napi_value> Elements(size_t index, const char* name) const {
    napi_value array = At(index, name);
    uint32_t length;
    if (napi_get_array_length(env_, array, &length) != napi_ok) Refuse(name, "an array");
    std::vector<napi_value> elements(length);
    for (uint32_t i = 0; i < length; i++) Require(napi_get_element(env_, array, i, &elements[i]), name);
    return elements;
  }

  std::string ToString(napi_value value, const char* name) const {
    size_t length;
    if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) Refuse(name, "a string");
    std::string text(length, '\0');
    // The buffer has room for the terminating zero: std::string keeps one after its end.
    Require(napi_get_value_string_utf8(env_, value, &text[0], length + 1, &length), name);
    return text;
  }

  int64_t ToInteger(napi_value value, const char* name) const {
    constexpr double kMostExact = 9007199254740991.0;
    double number;
    if (napi_get_value_double(env_, value, &number) != napi_ok || std::trunc(number) != number || number < 0 ||
        number > kMostExact) {
      Refuse(name, "an integer, 0 or more");
    }
    return static_cast<int64_t>(number);
  }

  static void Require(napi_status status, const char* name) {
    if (status != napi_ok) throw Error("INTERNAL", std::string("cannot read ") + name);
  }

  [[noreturn]] static void Refuse(const char* name, const char* wanted) {
    throw Error("INVALID_ARGUMENT", std::string("argument ") + name + " must be " + wanted);
  }

  napi_env env_;
  size_t count_;
  napi_value values_[kMost];
};

inline void RequireNapi(napi_status status) {
  if (status != napi_ok) throw Error("INTERNAL", "a call of Node-API failed");
}

inline napi_value FromInteger(napi_env env, int64_t value) {
  napi_value result;
  RequireNapi(napi_create_int64(env, value, &result));
  return result;
}

inline napi_value FromIntegers(napi_env env, const std::vector<int64_t>& values) {
  napi_value array;
  RequireNapi(napi_create_array_with_length(env, values.size(), &array));
  for (uint32_t i = 0; i < values.size(); i++) {
    RequireNapi(napi_set_element(env, array, i, FromInteger(env, values[i])));
  }
  return array;
}

inline napi_value Undefined(napi_env env) {
  napi_value result;
  RequireNapi(napi_get_undefined(env, &result));
  return result;
}

inline napi_value ToJavaScript(napi_env env, const Error& error) {
  napi_value code, message, result;
  if (napi_create_string_utf8(env, error.code.data(), error.code.size(), &code) != napi_ok ||
      napi_create_string_utf8(env, error.what(), NAPI_AUTO_LENGTH, &message) != napi_ok ||
      napi_create_error(env, code, message, &result) != napi_ok) {
    return nullptr;
  }
  return result;
}

}  // namespace ringmaster

#endif  // RINGMASTER_NATIVE_ARGUMENTS_H_
