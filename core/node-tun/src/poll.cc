#include "poll.h"

#include <cerrno>

#include "device.h"

namespace node_tun {

int Poll::Create(napi_env env, napi_value handle, Device* device, Poll** out) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return ENOTSUP;
  Poll* poll = new Poll(env, device);
  int error = uv_poll_init(loop, &poll->poll_, device->fd());
  if (error != 0) {
    // libuv does not know the handle yet, so nothing has to be closed.
    delete poll;
    return -error;
  }
  poll->poll_.data = poll;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "node-tun", NAPI_AUTO_LENGTH, &name);
  // Not with the handle object as its resource: the context would keep that from being collected.
  napi_async_init(env, nullptr, name, &poll->context_);
  // Weak (count 0) until a callback is set: a device that nobody reads can be collected.
  napi_create_reference(env, handle, 0, &poll->handle_object_);
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle, void* data) {
        // Closing the device closes this poll; the hook is taken off when libuv is done with it.
        Device* device = static_cast<Poll*>(data)->device_;
        if (device != nullptr) device->Close();
      },
      poll, &poll->hook_);
  *out = poll;
  return 0;
}

int Poll::SetCallbacks(napi_value readable, napi_value writable) {
  Forget(&readable_);
  Forget(&writable_);
  if (readable != nullptr) napi_create_reference(env_, readable, 1, &readable_);
  if (writable != nullptr) napi_create_reference(env_, writable, 1, &writable_);
  return Update();
}

int Poll::Update() {
  bool wanted = readable_ != nullptr || writable_ != nullptr;
  Hold(wanted);
  if (!wanted) return -uv_poll_stop(&poll_);
  // Errors show as UV_PRIORITIZED; libuv stops a handle that did not ask for that when one occurs.
  int events = UV_PRIORITIZED | (readable_ != nullptr ? UV_READABLE : 0) |
               (writable_ != nullptr ? UV_WRITABLE : 0);
  return -uv_poll_start(&poll_, events, [](uv_poll_t* handle, int status, int seen) {
    static_cast<Poll*>(handle->data)->Dispatch(status, seen);
  });
}

void Poll::Hold(bool hold) {
  if (hold == holding_) return;
  holding_ = hold;
  uint32_t count = 0;
  if (hold) {
    napi_reference_ref(env_, handle_object_, &count);
  } else {
    napi_reference_unref(env_, handle_object_, &count);
  }
}

void Poll::Dispatch(int status, int events) {
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  bool trouble = status < 0 || (events & UV_PRIORITIZED) != 0;
  if (trouble) {
    // With a negative status libuv has stopped the handle.
    if (!device_->TakeTrouble()) {
      uv_poll_stop(&poll_);
    } else if (status < 0) {
      Update();
    }
  }
  if (readable_ != nullptr && (trouble || (events & UV_READABLE) != 0)) Call(readable_);
  // The callback may have closed the device, or changed the callbacks.
  if (device_ != nullptr && writable_ != nullptr && (trouble || (events & UV_WRITABLE) != 0)) {
    napi_ref once = writable_;
    writable_ = nullptr;
    Update();
    Call(once);
    Forget(&once);
  }
  napi_close_handle_scope(env_, scope);
}

void Poll::Call(napi_ref callback) {
  napi_value function = nullptr;
  napi_value receiver = nullptr;
  napi_get_reference_value(env_, callback, &function);
  napi_get_global(env_, &receiver);
  if (napi_make_callback(env_, context_, receiver, function, 0, nullptr, nullptr) !=
      napi_pending_exception) {
    return;
  }
  // Nobody is above us on the stack: what the callback threw is an uncaught exception.
  napi_value thrown = nullptr;
  if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok) napi_fatal_exception(env_, thrown);
}

void Poll::Forget(napi_ref* reference) {
  if (*reference != nullptr) napi_delete_reference(env_, *reference);
  *reference = nullptr;
}

void Poll::Close() {
  if (device_ == nullptr) return;
  device_ = nullptr;
  Forget(&readable_);
  Forget(&writable_);
  Forget(&handle_object_);
  napi_async_destroy(env_, context_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    Poll* poll = static_cast<Poll*>(handle->data);
    napi_remove_async_cleanup_hook(poll->hook_);
    delete poll;
  });
}

}  // namespace node_tun
