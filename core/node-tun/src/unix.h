#ifndef NODE_TUN_UNIX_H_
#define NODE_TUN_UNIX_H_

#include <node_api.h>

#include "device.h"

namespace node_tun {

class Args;

// A listening Unix stream socket. What it accepts are descriptors, each with who is at its other end.
class UnixListener : public Device {
 public:
  static napi_status Register(napi_env env, napi_value exports);

 private:
  explicit UnixListener(int fd) : Device(Kind::kUnix, fd) {}

  static napi_value Open(napi_env env, napi_callback_info info);
  static napi_value Accept(napi_env env, napi_callback_info info);

  static UnixListener* Self(const Args& args);
};

// unixSend(name, octets): one datagram to a Unix datagram socket. A name that begins with '@' is one outside the file
// system. Throws 'ECONNREFUSED' or 'ENOENT' when nobody is there, 'EAGAIN' when nobody reads.
napi_value UnixSend(napi_env env, napi_callback_info info);

// peerOf(descriptor, out): who is at the other end of a connected Unix socket. Fills a Float64Array of 3 with pid,
// uid and gid, as the kernel noted them when the other end connected (or began to listen).
napi_value PeerOf(napi_env env, napi_callback_info info);

}  // namespace node_tun

#endif  // NODE_TUN_UNIX_H_
