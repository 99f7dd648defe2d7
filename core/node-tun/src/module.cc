// The addon's door: what index.ts finds in node-tun.node. There is no state but what a handle owns, so any
// number of environments (worker threads) can load it.

#include <node_api.h>

#include "args.h"
#include "clocks.h"
#include "device.h"
#include "errors.h"
#include "exports.h"
#include "netlink.h"
#include "tcp.h"
#include "tun.h"
#include "udp.h"
#include "unix.h"

namespace node_tun {

napi_status Export(napi_env env, napi_value exports, std::initializer_list<NativeFunction> functions) {
  for (const NativeFunction& entry : functions) {
    napi_value function = nullptr;
    napi_status status = napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.function,
                                              nullptr, &function);
    if (status == napi_ok) status = napi_set_named_property(env, exports, entry.name, function);
    if (status != napi_ok) return status;
  }
  return napi_ok;
}

napi_value ToNumber(napi_env env, double value) {
  napi_value number = nullptr;
  napi_create_double(env, value, &number);
  return number;
}

namespace {

// watch(handle, readable | undefined, writable | undefined)
napi_value Watch(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Device* device = Device::UnwrapAny(env, args.at(0));
  napi_value readable = nullptr;
  napi_value writable = nullptr;
  if (device == nullptr || !args.OptionalFunction(1, "readable", &readable) ||
      !args.OptionalFunction(2, "writable", &writable)) {
    return nullptr;
  }
  // Watching no more is fine after closing, too.
  if (device->closed() && readable == nullptr && writable == nullptr) return nullptr;
  if (device->closed()) return ThrowErrno(env, EBADF, "closed");
  int error = device->Watch(env, args.at(0), readable, writable);
  return error == 0 ? nullptr : ThrowErrno(env, error, "poll");
}

// close(handle)
napi_value Close(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Device* device = Device::UnwrapAny(env, args.at(0));
  if (device != nullptr) device->Close();
  return nullptr;
}

}  // namespace

}  // namespace node_tun

NAPI_MODULE_INIT() {
  using node_tun::Export;
  if (Export(env, exports,
             {{"watch", node_tun::Watch},
              {"close", node_tun::Close},
              {"clocks", node_tun::Clocks},
              {"tcpConnect", node_tun::TcpConnect}}) != napi_ok ||
      node_tun::TunDevice::Register(env, exports) != napi_ok ||
      node_tun::NetlinkSocket::Register(env, exports) != napi_ok ||
      node_tun::UdpSocket::Register(env, exports) != napi_ok ||
      node_tun::UnixListener::Register(env, exports) != napi_ok) {
    return nullptr;
  }
  return exports;
}
