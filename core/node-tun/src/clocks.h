#ifndef NODE_TUN_CLOCKS_H_
#define NODE_TUN_CLOCKS_H_

#include <node_api.h>

namespace node_tun {

// clocks(out): CLOCK_MONOTONIC, which stands still while the machine sleeps, CLOCK_BOOTTIME, which does not, and
// CLOCK_REALTIME, in milliseconds, into the three numbers of a Float64Array.
napi_value Clocks(napi_env env, napi_callback_info info);

}  // namespace node_tun

#endif  // NODE_TUN_CLOCKS_H_
