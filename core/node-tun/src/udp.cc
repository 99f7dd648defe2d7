#include "udp.h"

#include <linux/if.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "args.h"
#include "errors.h"
#include "exports.h"

namespace node_tun {

namespace {

// The first option that could not be set, by name; nullptr when all could. errno says why.
const char* SetNumber(int fd, int level, int option, int value, const char* name) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? nullptr : name;
}

// FORCE needs the privilege to go past the machine's limit; without it the plain one asks for what is allowed.
const char* SetBuffer(int fd, int forced, int plain, const std::optional<uint32_t>& octets,
                      const char* name) {
  if (!octets.has_value()) return nullptr;
  int value = static_cast<int>(*octets);
  if (SetNumber(fd, SOL_SOCKET, forced, value, name) == nullptr) return nullptr;
  return SetNumber(fd, SOL_SOCKET, plain, value, name);
}

const char* SetDevice(int fd, const std::optional<std::string>& device) {
  if (!device.has_value()) return nullptr;
  auto length = static_cast<socklen_t>(device->size());
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device->data(), length) == 0
             ? nullptr
             : "SO_BINDTODEVICE";
}

// What decides the route of a datagram.
const char* SetPath(int fd, const SocketOptions& options) {
  const char* failed = SetDevice(fd, options.device);
  if (failed == nullptr && options.mark.has_value()) {
    failed = SetNumber(fd, SOL_SOCKET, SO_MARK, static_cast<int>(*options.mark), "SO_MARK");
  }
  if (failed == nullptr && options.family == AF_INET6) {
    failed = SetNumber(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0, "IPV6_V6ONLY");
  }
  return failed;
}

// Without these an unconnected socket never hears that a port is closed or a packet too big.
const char* AskForErrors(int fd, const SocketOptions& options) {
  const char* failed = nullptr;
  if (options.family == AF_INET6) {
    failed = SetNumber(fd, IPPROTO_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR");
  }
  if (failed == nullptr && (options.family == AF_INET || !options.v6_only)) {
    failed = SetNumber(fd, IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR");
  }
  // Makes errors show as a priority event, the only way in which libuv tells of them without giving up.
  if (failed == nullptr) {
    failed = SetNumber(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1, "SO_SELECT_ERR_QUEUE");
  }
  return failed;
}

// Makes the kernel tell the traffic class of each datagram, for its congestion marks.
const char* AskForTrafficClass(int fd, const SocketOptions& options) {
  const char* failed = nullptr;
  if (options.family == AF_INET6) {
    failed = SetNumber(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
  }
  if (failed == nullptr && (options.family == AF_INET || !options.v6_only)) {
    failed = SetNumber(fd, IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS");
  }
  return failed;
}

const char* Configure(int fd, const SocketOptions& options) {
  const char* failed = SetPath(fd, options);
  if (failed == nullptr) failed = AskForTrafficClass(fd, options);
  if (failed == nullptr) failed = AskForErrors(fd, options);
  if (failed == nullptr) {
    failed = SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer, "SO_RCVBUF");
  }
  if (failed == nullptr) {
    failed = SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer, "SO_SNDBUF");
  }
  return failed;
}

// Closes and throws, keeping the errno of what failed.
napi_value Fail(napi_env env, int fd, const char* syscall) {
  int error = errno;
  close(fd);
  return ThrowErrno(env, error, syscall);
}

bool Family(const Args& args, size_t index, int* out) {
  uint32_t family = 0;
  if (!args.Number(index, "family", 6, &family)) return false;
  if (family != 4 && family != 6) {
    ThrowRange(args.env(), "family", "is neither 4 nor 6");
    return false;
  }
  *out = family == 4 ? AF_INET : AF_INET6;
  return true;
}

}  // namespace

UdpSocket* UdpSocket::Self(const Args& args) {
  return static_cast<UdpSocket*>(Unwrap(args.env(), args.at(0), Kind::kUdp));
}

bool UdpSocket::TakeTrouble() {
  errors_.Drain(fd());
  return true;
}

// udpOpen(family, localAddress?, localPort, mark?, device?, receiveBuffer?, sendBuffer?, v6Only)
napi_value UdpSocket::Open(napi_env env, napi_callback_info info) {
  Args args(env, info);
  SocketOptions options;
  std::optional<Span<uint8_t>> address;
  uint32_t port = 0;
  if (!Family(args, 0, &options.family) || !args.OptionalOctets(1, "localAddress", &address) ||
      !args.Number(2, "localPort", 65535, &port) ||
      !args.OptionalNumber(3, "mark", UINT32_MAX, &options.mark) ||
      !args.OptionalText(4, "device", IFNAMSIZ - 1, &options.device) ||
      !args.OptionalNumber(5, "receiveBuffer", INT32_MAX, &options.receive_buffer) ||
      !args.OptionalNumber(6, "sendBuffer", INT32_MAX, &options.send_buffer) ||
      !args.Boolean(7, "v6Only", &options.v6_only)) {
    return nullptr;
  }
  uint8_t local[kEndpointOctets] = {};
  local[0] = options.family == AF_INET ? 4 : 6;
  local[2] = static_cast<uint8_t>(port >> 8);
  local[3] = static_cast<uint8_t>(port & 0xff);
  if (address.has_value()) {
    if (address->length != (options.family == AF_INET ? 4U : 16U)) {
      return ThrowRange(env, "localAddress", "does not have the length of the family");
    }
    memcpy(local + 4, address->data, address->length);
  }
  int fd = socket(options.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  const char* failed = Configure(fd, options);
  if (failed != nullptr) return Fail(env, fd, failed);
  SocketAddress bound;
  socklen_t length = UnpackEndpoint(local, options.family, &bound);
  if (bind(fd, &bound.generic, length) != 0) return Fail(env, fd, "bind");
  return Wrap(env, new UdpSocket(fd, options));
}

napi_value UdpSocket::LocalPort(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  if (self == nullptr) return nullptr;
  SocketAddress bound = {};
  socklen_t length = sizeof bound;
  if (getsockname(self->fd(), &bound.generic, &length) != 0) {
    return ThrowErrno(env, errno, "getsockname");
  }
  uint8_t octets[kEndpointOctets];
  PackEndpoint(bound, octets);
  return ToNumber(env, octets[2] << 8 | octets[3]);
}

// udpLocalAddressFor(handle, to, out): the source address of a datagram to the endpoint `to`, into the 20 octets
// of `out`. Connecting a UDP socket sends nothing: it makes the kernel choose a route and a source.
napi_value UdpSocket::LocalAddressFor(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  Span<uint8_t> to;
  Span<uint8_t> out;
  if (self == nullptr || !args.Octets(1, "to", &to) || !args.Octets(2, "out", &out)) return nullptr;
  if (to.length < kEndpointOctets || out.length < kEndpointOctets) {
    return ThrowRange(env, "to", "is shorter than an endpoint");
  }
  SocketAddress address;
  socklen_t length = UnpackEndpoint(to.data, self->options_.family, &address);
  if (length == 0) return ThrowRange(env, "to", "is not an endpoint of the socket's family");
  SocketAddress bound = {};
  socklen_t bound_length = sizeof bound;
  if (getsockname(self->fd(), &bound.generic, &bound_length) != 0) {
    return ThrowErrno(env, errno, "getsockname");
  }
  int fd = socket(self->options_.family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  const char* failed = SetPath(fd, self->options_);
  if (failed != nullptr) return Fail(env, fd, failed);
  // The same address on a port of its own, so that a socket that is bound to an address tells that one.
  if (self->options_.family == AF_INET) {
    bound.v4.sin_port = 0;
  } else {
    bound.v6.sin6_port = 0;
  }
  if (bind(fd, &bound.generic, bound_length) != 0) return Fail(env, fd, "bind");
  if (connect(fd, &address.generic, length) != 0) return Fail(env, fd, "connect");
  socklen_t local_length = sizeof bound;
  if (getsockname(fd, &bound.generic, &local_length) != 0) return Fail(env, fd, "getsockname");
  close(fd);
  PackEndpoint(bound, out.data);
  return nullptr;
}

napi_value UdpSocket::TakeErrors(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  if (self == nullptr) return nullptr;
  self->errors_.Drain(self->fd());
  return self->errors_.Take(env);
}

napi_value UdpSocket::Dropped(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  return self == nullptr ? nullptr : ToNumber(env, self->dropped_);
}

napi_status UdpSocket::Register(napi_env env, napi_value exports) {
  return Export(env, exports,
                {{"udpOpen", Open},
                 {"udpLocalPort", LocalPort},
                 {"udpLocalAddressFor", LocalAddressFor},
                 {"udpReceive", Receive},
                 {"udpSend", Send},
                 {"udpTakeErrors", TakeErrors},
                 {"udpDropped", Dropped}});
}

}  // namespace node_tun
