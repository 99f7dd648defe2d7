#ifndef NODE_TUN_ERRORS_H_
#define NODE_TUN_ERRORS_H_

#include <node_api.h>

#include <string>

namespace node_tun {

// Each leaves an exception pending in `env` and returns nullptr, so that a native function can
// `return Throw...(...)`.

// An Error with .code ('EPERM'), .errno (positive) and .syscall.
napi_value ThrowErrno(napi_env env, int error, const char* syscall);
// A TypeError: "<what> must be <expected>".
napi_value ThrowType(napi_env env, const char* what, const char* expected);
// A RangeError: "<what> <trouble>".
napi_value ThrowRange(napi_env env, const char* what, const char* trouble);

// 'ECONNREFUSED' for ECONNREFUSED.
std::string ErrorName(int error);

}  // namespace node_tun

#endif  // NODE_TUN_ERRORS_H_
