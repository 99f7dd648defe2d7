#include "device.h"

#include <unistd.h>

#include <cerrno>

#include "errors.h"
#include "poll.h"

namespace node_tun {

namespace {

// Marks handle objects as ours: an object of other code that was wrapped by other code is refused.
constexpr napi_type_tag kTag = {0x8f3a6d1c2be74095, 0xa1d0c4e27b5f9638};

const char* NameOf(Device::Kind kind) {
  switch (kind) {
    case Device::Kind::kTun:
      return "a TUN device";
    case Device::Kind::kUdp:
      return "a UDP socket";
    case Device::Kind::kNetlink:
      return "a netlink socket";
    case Device::Kind::kUnix:
      return "a Unix listener";
  }
  return "a device";
}

}  // namespace

Device::~Device() { Close(); }

void Device::Close() {
  // The poll first: it must leave the event loop before its descriptor number can mean something else.
  if (poll_ != nullptr) poll_->Close();
  poll_ = nullptr;
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

int Device::Watch(napi_env env, napi_value handle, napi_value readable, napi_value writable) {
  if (poll_ == nullptr) {
    if (readable == nullptr && writable == nullptr) return 0;
    int error = Poll::Create(env, handle, this, &poll_);
    if (error != 0) return error;
  }
  return poll_->SetCallbacks(readable, writable);
}

napi_value Device::Wrap(napi_env env, Device* device) {
  napi_value handle = nullptr;
  napi_status status = napi_create_object(env, &handle);
  if (status == napi_ok) status = napi_type_tag_object(env, handle, &kTag);
  if (status == napi_ok) {
    status = napi_wrap(
        env, handle, device, [](napi_env, void* data, void*) { delete static_cast<Device*>(data); },
        nullptr, nullptr);
  }
  if (status == napi_ok) return handle;
  delete device;
  return ThrowErrno(env, ENOMEM, "napi_wrap");
}

Device* Device::UnwrapAny(napi_env env, napi_value handle) {
  bool ours = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, handle, &kTag, &ours) == napi_ok && ours &&
      napi_unwrap(env, handle, &data) == napi_ok) {
    return static_cast<Device*>(data);
  }
  // Asking a value that is no object leaves an exception of its own.
  napi_value ignored = nullptr;
  napi_get_and_clear_last_exception(env, &ignored);
  ThrowType(env, "handle", "one that open returned");
  return nullptr;
}

Device* Device::Unwrap(napi_env env, napi_value handle, Kind kind) {
  Device* device = UnwrapAny(env, handle);
  if (device == nullptr) return nullptr;
  if (device->kind() != kind) {
    ThrowType(env, "handle", NameOf(kind));
    return nullptr;
  }
  if (device->closed()) {
    ThrowErrno(env, EBADF, "closed");
    return nullptr;
  }
  return device;
}

}  // namespace node_tun
