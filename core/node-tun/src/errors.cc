#include "errors.h"

#include <uv.h>

#include <cerrno>

namespace node_tun {

namespace {

napi_value Text(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

}  // namespace

std::string ErrorName(int error) {
  // A TUN descriptor whose interface was deleted answers EBADFD, which libuv has no name for.
  if (error == EBADFD) return "EBADFD";
  char name[64];
  return uv_err_name_r(uv_translate_sys_error(error), name, sizeof name);
}

napi_value ThrowErrno(napi_env env, int error, const char* syscall) {
  char said[128];
  std::string name = ErrorName(error);
  std::string reason =
      error == EBADFD ? "descriptor in bad state"
                      : uv_strerror_r(uv_translate_sys_error(error), said, sizeof said);
  napi_value failure = nullptr;
  napi_value number = nullptr;
  napi_create_error(env, Text(env, name), Text(env, name + ": " + reason + ", " + syscall),
                    &failure);
  napi_create_int32(env, error, &number);
  napi_set_named_property(env, failure, "errno", number);
  napi_set_named_property(env, failure, "syscall", Text(env, syscall));
  napi_throw(env, failure);
  return nullptr;
}

napi_value ThrowType(napi_env env, const char* what, const char* expected) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE",
                        (std::string(what) + " must be " + expected).c_str());
  return nullptr;
}

napi_value ThrowRange(napi_env env, const char* what, const char* trouble) {
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", (std::string(what) + " " + trouble).c_str());
  return nullptr;
}

}  // namespace node_tun
