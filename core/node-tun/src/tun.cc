#include "tun.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "args.h"
#include "batch.h"
#include "errors.h"
#include "exports.h"

namespace node_tun {

namespace {

// A descriptor that is closed on the way out unless it was released.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Sets the MTU of the interface that `request` names. Returns an errno, or 0.
int SetMtu(ifreq request, uint32_t mtu) {
  Descriptor control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (control.get() < 0) return errno;
  request.ifr_mtu = static_cast<int>(mtu);
  return ioctl(control.get(), SIOCSIFMTU, &request) == 0 ? 0 : errno;
}

}  // namespace

napi_value TunDevice::Open(napi_env env, napi_callback_info info) {
  Args args(env, info);
  std::string name;
  std::optional<uint32_t> mtu;
  if (!args.Text(0, "name", IFNAMSIZ - 1, &name) || !args.OptionalNumber(1, "mtu", 65535, &mtu)) {
    return nullptr;
  }
  Descriptor tun(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tun.get() < 0) return ThrowErrno(env, errno, "open /dev/net/tun");
  ifreq request = {};
  memcpy(request.ifr_name, name.data(), name.size());
  // EXCL: never attach to an interface that somebody else made and configured.
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) return ThrowErrno(env, errno, "TUNSETIFF");
  // What the kernel made of a %d in the name.
  request.ifr_name[IFNAMSIZ - 1] = '\0';
  if (mtu.has_value()) {
    int error = SetMtu(request, *mtu);
    if (error != 0) return ThrowErrno(env, error, "SIOCSIFMTU");
  }
  return Wrap(env, new TunDevice(tun.Release(), request.ifr_name));
}

napi_value TunDevice::Name(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Device* device = Unwrap(env, args.at(0), Kind::kTun);
  if (device == nullptr) return nullptr;
  const std::string& name = static_cast<TunDevice*>(device)->name_;
  napi_value text = nullptr;
  napi_create_string_utf8(env, name.data(), name.size(), &text);
  return text;
}

napi_value TunDevice::Read(napi_env env, napi_callback_info info) {
  Args args(env, info);
  auto* self = static_cast<TunDevice*>(Unwrap(env, args.at(0), Kind::kTun));
  BatchToFill batch;
  if (self == nullptr || !BatchToFill::From(args, 1, &batch)) return nullptr;
  uint32_t count = 0;
  for (uint32_t attempt = 0; attempt < batch.capacity(); attempt++) {
    // The kernel cuts a packet to the buffer without a word: an octet in the spill tells that it did.
    uint8_t spill = 0;
    iovec parts[2] = {{batch.RoomOf(count), batch.room()}, {&spill, 1}};
    ssize_t length = readv(self->fd(), parts, 2);
    if (length < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && count == 0) return ThrowErrno(env, errno, "read");
      break;
    }
    if (static_cast<size_t>(length) > batch.room()) {
      self->dropped_++;
      continue;
    }
    batch.Set(count, count, static_cast<size_t>(length));
    count++;
  }
  return ToNumber(env, count);
}

napi_value TunDevice::Write(napi_env env, napi_callback_info info) {
  Args args(env, info);
  auto* self = static_cast<TunDevice*>(Unwrap(env, args.at(0), Kind::kTun));
  BatchToDrain batch;
  if (self == nullptr || !BatchToDrain::From(args, 1, &batch)) return nullptr;
  uint32_t at = batch.from();
  while (at < batch.end()) {
    Span<uint8_t> packet = batch.Packet(at);
    if (write(self->fd(), packet.data, packet.length) < 0) {
      if (errno == EINTR) continue;
      if (errno == EINVAL) {
        // Not an IP packet to the kernel: the others can still go.
        self->dropped_++;
      } else {
        if (errno != EAGAIN && at == batch.from()) return ThrowErrno(env, errno, "write");
        break;
      }
    }
    at++;
  }
  return ToNumber(env, at - batch.from());
}

napi_value TunDevice::Dropped(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Device* device = Unwrap(env, args.at(0), Kind::kTun);
  if (device == nullptr) return nullptr;
  return ToNumber(env, static_cast<TunDevice*>(device)->dropped_);
}

napi_status TunDevice::Register(napi_env env, napi_value exports) {
  return Export(env, exports,
                {{"tunOpen", Open},
                 {"tunName", Name},
                 {"tunRead", Read},
                 {"tunWrite", Write},
                 {"tunDropped", Dropped}});
}

}  // namespace node_tun
