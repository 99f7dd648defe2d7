#ifndef NODE_TUN_EXPORTS_H_
#define NODE_TUN_EXPORTS_H_

#include <node_api.h>

#include <initializer_list>

namespace node_tun {

struct NativeFunction {
  const char* name;
  napi_callback function;
};

// Makes each function a property of `exports`.
napi_status Export(napi_env env, napi_value exports, std::initializer_list<NativeFunction> functions);

// A JavaScript number.
napi_value ToNumber(napi_env env, double value);

}  // namespace node_tun

#endif  // NODE_TUN_EXPORTS_H_
