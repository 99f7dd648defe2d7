#ifndef NODE_TUN_POLL_H_
#define NODE_TUN_POLL_H_

#include <node_api.h>
#include <uv.h>

namespace node_tun {

class Device;

// Tells JavaScript when a device can be read or written: a uv_poll handle on the event loop of the thread that
// opened the device, so nothing waits in the thread pool. While a callback is set it keeps the loop, and the
// device's handle object, alive.
//
// It belongs to its device until Close(). libuv then still needs its memory for the rest of the turn of the
// loop, so it deletes itself when libuv says so. The environment ending closes it too.
class Poll {
 public:
  // Returns an errno, or 0 and the poll. `handle` is the device's handle object.
  static int Create(napi_env env, napi_value handle, Device* device, Poll** out);

  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // `readable` is called as long as there is something to read (or an error to see), `writable` once when
  // something can be written; nullptr for none. Returns an errno, or 0.
  int SetCallbacks(napi_value readable, napi_value writable);
  void Close();

 private:
  Poll(napi_env env, Device* device) : env_(env), device_(device) {}
  ~Poll() = default;

  // (Re)starts or stops the handle for the callbacks that are set now.
  int Update();
  // Keeps the device's handle object from being collected, or no longer.
  void Hold(bool hold);
  void Dispatch(int status, int events);
  void Call(napi_ref callback);
  void Forget(napi_ref* reference);

  napi_env env_;
  Device* device_;  // nullptr once closed
  napi_ref handle_object_ = nullptr;
  bool holding_ = false;
  napi_ref readable_ = nullptr;
  napi_ref writable_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  uv_poll_t poll_ = {};
};

}  // namespace node_tun

#endif  // NODE_TUN_POLL_H_
