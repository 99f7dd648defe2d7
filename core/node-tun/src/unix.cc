#include "unix.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "args.h"
#include "errors.h"
#include "exports.h"

namespace node_tun {

namespace {

// Fills `out` with pid, uid and gid of the other end. Returns an errno, or 0.
int ReadPeer(int fd, double* out) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return errno;
  out[0] = static_cast<double>(peer.pid);
  out[1] = static_cast<double>(peer.uid);
  out[2] = static_cast<double>(peer.gid);
  return 0;
}

bool PeerSpan(const Args& args, size_t index, Span<double>* out) {
  if (!args.Doubles(index, "out", out)) return false;
  if (out->length == 3) return true;
  ThrowRange(args.env(), "out", "does not have three elements");
  return false;
}

}  // namespace

UnixListener* UnixListener::Self(const Args& args) {
  return static_cast<UnixListener*>(Unwrap(args.env(), args.at(0), Kind::kUnix));
}

// unixListen(path, mode, backlog)
napi_value UnixListener::Open(napi_env env, napi_callback_info info) {
  Args args(env, info);
  std::string path;
  uint32_t mode = 0;
  uint32_t backlog = 0;
  sockaddr_un address = {};
  if (!args.Text(0, "path", sizeof address.sun_path - 1, &path) || !args.Number(1, "mode", 0777, &mode) ||
      !args.Number(2, "backlog", 4096, &backlog)) {
    return nullptr;
  }
  // An empty path would be a name outside the file system, which nobody guards.
  if (path.empty()) return ThrowRange(env, "path", "is empty");
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  const char* failed = nullptr;
  // Before bind: the file is made with this mode (less the umask) and never has another one.
  if (fchmod(fd, static_cast<mode_t>(mode)) != 0) failed = "fchmod";
  if (failed == nullptr && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    failed = "bind";
  }
  if (failed == nullptr && listen(fd, static_cast<int>(backlog)) != 0) failed = "listen";
  if (failed == nullptr) return Wrap(env, new UnixListener(fd));
  int error = errno;
  close(fd);
  return ThrowErrno(env, error, failed);
}

// unixAccept(handle, out): the descriptor of the next connection, or -1 when none waits.
napi_value UnixListener::Accept(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UnixListener* self = Self(args);
  Span<double> out;
  if (self == nullptr || !PeerSpan(args, 1, &out)) return nullptr;
  for (;;) {
    int fd = accept4(self->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      int error = ReadPeer(fd, out.data);
      if (error == 0) return ToNumber(env, fd);
      close(fd);
      return ThrowErrno(env, error, "SO_PEERCRED");
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return ToNumber(env, -1);
    // The other end has left already, or a signal came: the next one may be there.
    if (errno == ECONNABORTED || errno == EINTR) continue;
    return ThrowErrno(env, errno, "accept");
  }
}

napi_value PeerOf(napi_env env, napi_callback_info info) {
  Args args(env, info);
  uint32_t descriptor = 0;
  Span<double> out;
  if (!args.Number(0, "descriptor", INT32_MAX, &descriptor) || !PeerSpan(args, 1, &out)) return nullptr;
  int error = ReadPeer(static_cast<int>(descriptor), out.data);
  return error == 0 ? nullptr : ThrowErrno(env, error, "SO_PEERCRED");
}

napi_value UnixSend(napi_env env, napi_callback_info info) {
  Args args(env, info);
  std::string name;
  Span<uint8_t> octets;
  sockaddr_un address = {};
  if (!args.Text(0, "name", sizeof address.sun_path - 1, &name) || !args.Octets(1, "octets", &octets)) {
    return nullptr;
  }
  if (name.empty()) return ThrowRange(env, "name", "is empty");
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ThrowErrno(env, errno, "socket");
  // The length ends with the name: outside the file system every octet counts.
  socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ssize_t sent = sendto(fd, octets.data, octets.length, MSG_NOSIGNAL | MSG_DONTWAIT,
                        reinterpret_cast<sockaddr*>(&address), length);
  int error = sent < 0 ? errno : 0;
  close(fd);
  return error == 0 ? nullptr : ThrowErrno(env, error, "sendto");
}

napi_status UnixListener::Register(napi_env env, napi_value exports) {
  return Export(env, exports, {{"unixListen", Open}, {"unixAccept", Accept}, {"peerOf", PeerOf}, {"unixSend", UnixSend}});
}

}  // namespace node_tun
