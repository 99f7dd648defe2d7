#ifndef NODE_TUN_SOCKET_ERRORS_H_
#define NODE_TUN_SOCKET_ERRORS_H_

#include <node_api.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "endpoint.h"

namespace node_tun {

// What the network (or the kernel, before the network) said about datagrams that a socket sent: the newest few.
// Anybody on the path can forge an ICMP message, so these are hints and never proof.
class ErrorLog {
 public:
  // Moves everything from the socket's error queue here. Afterwards the descriptor shows no error condition.
  void Drain(int fd);

  // An array of {code, to, reporter?, mtu?}; the log is empty afterwards. nullptr with an exception pending
  // when there is no memory for it.
  napi_value Take(napi_env env);

 private:
  struct Entry {
    int error;
    uint32_t mtu;  // 0: not about the size
    bool has_reporter;
    uint8_t to[kEndpointOctets];
    uint8_t reporter[kEndpointOctets];
  };
  static constexpr size_t kMax = 64;

  void Add(const Entry& entry);

  std::array<Entry, kMax> entries_ = {};
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace node_tun

#endif  // NODE_TUN_SOCKET_ERRORS_H_
