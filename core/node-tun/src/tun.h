#ifndef NODE_TUN_TUN_H_
#define NODE_TUN_TUN_H_

#include <node_api.h>

#include <string>

#include "device.h"

namespace node_tun {

// A TUN interface (layer 3, no packet information header) that exists as long as its descriptor is open.
class TunDevice : public Device {
 public:
  // The functions of this file, into `exports`.
  static napi_status Register(napi_env env, napi_value exports);

 private:
  TunDevice(int fd, std::string name) : Device(Kind::kTun, fd), name_(std::move(name)) {}

  static napi_value Open(napi_env env, napi_callback_info info);
  static napi_value Name(napi_env env, napi_callback_info info);
  static napi_value Read(napi_env env, napi_callback_info info);
  static napi_value Write(napi_env env, napi_callback_info info);
  static napi_value Dropped(napi_env env, napi_callback_info info);

  std::string name_;
  // Packets longer than their slot, or that the kernel did not take for an IP packet.
  double dropped_ = 0;
};

}  // namespace node_tun

#endif  // NODE_TUN_TUN_H_
