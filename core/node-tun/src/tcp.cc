#include "tcp.h"

#include <linux/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "args.h"
#include "endpoint.h"
#include "errors.h"
#include "exports.h"

namespace node_tun {

napi_value TcpConnect(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Span<uint8_t> to;
  std::optional<uint32_t> mark;
  std::optional<std::string> device;
  if (!args.Octets(0, "to", &to) || !args.OptionalNumber(1, "mark", UINT32_MAX, &mark) ||
      !args.OptionalText(2, "device", IFNAMSIZ - 1, &device)) {
    return nullptr;
  }
  if (to.length < kEndpointOctets) return ThrowRange(env, "to", "is shorter than an endpoint");
  int family = to.data[0] == 6 ? AF_INET6 : AF_INET;
  SocketAddress address = {};
  socklen_t length = UnpackEndpoint(to.data, family, &address);
  if (length == 0) return ThrowRange(env, "to", "is not an endpoint");
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  const char* failed = nullptr;
  if (device.has_value() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device->data(),
                                       static_cast<socklen_t>(device->size())) != 0) {
    failed = "SO_BINDTODEVICE";
  }
  if (failed == nullptr && mark.has_value()) {
    int value = static_cast<int>(*mark);
    if (setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof value) != 0) failed = "SO_MARK";
  }
  if (failed == nullptr && connect(fd, &address.generic, length) != 0 && errno != EINPROGRESS) {
    failed = "connect";
  }
  if (failed == nullptr) return ToNumber(env, fd);
  int error = errno;
  close(fd);
  return ThrowErrno(env, error, failed);
}

}  // namespace node_tun
