#ifndef NODE_TUN_DEVICE_H_
#define NODE_TUN_DEVICE_H_

#include <node_api.h>

#include <cstdint>

namespace node_tun {

class Poll;

// An open descriptor and what watches it: the base of a TUN device, of a UDP and of a netlink socket. JavaScript
// holds it through an opaque handle object; it is deleted when that object is collected or its environment ends.
class Device {
 public:
  enum class Kind : uint64_t { kTun = 1, kUdp = 2, kNetlink = 3, kUnix = 4 };

  virtual ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  Kind kind() const { return kind_; }
  int fd() const { return fd_; }
  bool closed() const { return fd_ < 0; }

  // Ends watching and closes the descriptor. May be called again.
  void Close();

  // Called before JavaScript hears of an error condition on the descriptor. True when whatever kept the
  // condition up was taken off; when it was not, watching ends, or the loop would spin.
  virtual bool TakeTrouble() { return false; }

  // Replaces the callbacks (nullptr: none). Returns an errno, or 0.
  int Watch(napi_env env, napi_value handle, napi_value readable, napi_value writable);

  // A handle object that owns `device`; nullptr with an exception pending when there is none to be had.
  static napi_value Wrap(napi_env env, Device* device);
  // The device of a handle of this kind. nullptr, with an exception pending, for anything else, and when the
  // device was closed.
  static Device* Unwrap(napi_env env, napi_value handle, Kind kind);
  // The device of a handle of any kind, closed or not.
  static Device* UnwrapAny(napi_env env, napi_value handle);

 protected:
  Device(Kind kind, int fd) : kind_(kind), fd_(fd) {}

 private:
  Kind kind_;
  int fd_;
  Poll* poll_ = nullptr;
};

}  // namespace node_tun

#endif  // NODE_TUN_DEVICE_H_
