#ifndef NODE_TUN_NETLINK_H_
#define NODE_TUN_NETLINK_H_

#include <node_api.h>

#include "device.h"

namespace node_tun {

class Args;

// A NETLINK_ROUTE socket. It carries octets: what the messages mean is read in TypeScript.
class NetlinkSocket : public Device {
 public:
  static napi_status Register(napi_env env, napi_value exports);

  // The only error condition of such a socket is that messages were lost. Receive tells it.
  bool TakeTrouble() override;

 private:
  explicit NetlinkSocket(int fd) : Device(Kind::kNetlink, fd) {}

  static napi_value Open(napi_env env, napi_callback_info info);
  static napi_value Send(napi_env env, napi_callback_info info);
  static napi_value Receive(napi_env env, napi_callback_info info);

  static NetlinkSocket* Self(const Args& args);

  // Messages were lost, and nobody was told yet.
  bool overflowed_ = false;
};

}  // namespace node_tun

#endif  // NODE_TUN_NETLINK_H_
