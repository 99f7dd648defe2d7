#ifndef NODE_TUN_UDP_H_
#define NODE_TUN_UDP_H_

#include <node_api.h>

#include <cstdint>
#include <optional>
#include <string>

#include "device.h"
#include "endpoint.h"
#include "socket-errors.h"

namespace node_tun {

class Args;

// What a socket is set to before it is bound.
struct SocketOptions {
  int family = AF_INET;
  std::optional<uint32_t> mark;
  std::optional<std::string> device;
  std::optional<uint32_t> receive_buffer;
  std::optional<uint32_t> send_buffer;
  bool v6_only = true;
};

// An unconnected UDP socket.
class UdpSocket : public Device {
 public:
  // The functions of udp.cc and udp-io.cc, into `exports`.
  static napi_status Register(napi_env env, napi_value exports);

  bool TakeTrouble() override;

 private:
  UdpSocket(int fd, SocketOptions options)
      : Device(Kind::kUdp, fd), options_(std::move(options)) {}

  static napi_value Open(napi_env env, napi_callback_info info);
  static napi_value LocalPort(napi_env env, napi_callback_info info);
  static napi_value LocalAddressFor(napi_env env, napi_callback_info info);
  static napi_value Receive(napi_env env, napi_callback_info info);
  static napi_value Send(napi_env env, napi_callback_info info);
  static napi_value TakeErrors(napi_env env, napi_callback_info info);
  static napi_value Dropped(napi_env env, napi_callback_info info);

  static UdpSocket* Self(const Args& args);

  SocketOptions options_;
  ErrorLog errors_;
  // Datagrams longer than their slot, or that the kernel would not send.
  double dropped_ = 0;
};

}  // namespace node_tun

#endif  // NODE_TUN_UDP_H_
