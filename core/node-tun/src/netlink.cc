#include "netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "args.h"
#include "errors.h"
#include "exports.h"

namespace node_tun {

NetlinkSocket* NetlinkSocket::Self(const Args& args) {
  return static_cast<NetlinkSocket*>(Unwrap(args.env(), args.at(0), Kind::kNetlink));
}

bool NetlinkSocket::TakeTrouble() {
  // Asking for the error also takes it off.
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return false;
  if (error == ENOBUFS) overflowed_ = true;
  return error == 0 || error == ENOBUFS;
}

// netlinkOpen(groups, receiveBuffer?): `groups` is the mask of struct sockaddr_nl.
napi_value NetlinkSocket::Open(napi_env env, napi_callback_info info) {
  Args args(env, info);
  uint32_t groups = 0;
  std::optional<uint32_t> buffer;
  if (!args.Number(0, "groups", UINT32_MAX, &groups) ||
      !args.OptionalNumber(1, "receiveBuffer", INT32_MAX, &buffer)) {
    return nullptr;
  }
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  // Lets requests say which table they want. Kernels before 4.20 send all, which is right too, only more.
  int on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  const char* failed = nullptr;
  if (buffer.has_value()) {
    int octets = static_cast<int>(*buffer);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets) != 0) failed = "SO_RCVBUF";
  }
  if (failed == nullptr && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    failed = "bind";
  }
  if (failed == nullptr) return Wrap(env, new NetlinkSocket(fd));
  int error = errno;
  close(fd);
  return ThrowErrno(env, error, failed);
}

// netlinkSend(handle, octets): one datagram to the kernel.
napi_value NetlinkSocket::Send(napi_env env, napi_callback_info info) {
  Args args(env, info);
  NetlinkSocket* self = Self(args);
  Span<uint8_t> octets;
  if (self == nullptr || !args.Octets(1, "octets", &octets)) return nullptr;
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    ssize_t sent = sendto(self->fd(), octets.data, octets.length, MSG_DONTWAIT,
                          reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return nullptr;
    if (errno != EINTR) return ThrowErrno(env, errno, "sendto");
  }
}

// netlinkReceive(handle, into): the octets of the next datagram of the kernel; 0 when none waits.
napi_value NetlinkSocket::Receive(napi_env env, napi_callback_info info) {
  Args args(env, info);
  NetlinkSocket* self = Self(args);
  Span<uint8_t> into;
  if (self == nullptr || !args.Octets(1, "into", &into)) return nullptr;
  if (self->overflowed_) {
    self->overflowed_ = false;
    return ThrowErrno(env, ENOBUFS, "recvmsg");
  }
  for (;;) {
    sockaddr_nl sender = {};
    iovec room = {into.data, into.length};
    msghdr message = {};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &room;
    message.msg_iovlen = 1;
    ssize_t got = recvmsg(self->fd(), &message, MSG_DONTWAIT);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return ToNumber(env, 0);
      return ThrowErrno(env, errno, "recvmsg");
    }
    // Any process may send to this socket; only the kernel, which is port 0, is believed.
    if (sender.nl_family != AF_NETLINK || sender.nl_pid != 0 || got == 0) continue;
    // What does not fit is lost, as in an overflow.
    if ((message.msg_flags & MSG_TRUNC) != 0) return ThrowErrno(env, ENOBUFS, "recvmsg");
    return ToNumber(env, static_cast<double>(got));
  }
}

napi_status NetlinkSocket::Register(napi_env env, napi_value exports) {
  return Export(env, exports,
                {{"netlinkOpen", Open}, {"netlinkSend", Send}, {"netlinkReceive", Receive}});
}

}  // namespace node_tun
