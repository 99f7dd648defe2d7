#ifndef NODE_TUN_TCP_H_
#define NODE_TUN_TCP_H_

#include <node_api.h>

namespace node_tun {

// tcpConnect(to, mark?, device?): begins to connect and returns the descriptor at once, not blocking. It belongs to
// whoever called. Whether somebody answers shows when it can be written. `to` is an endpoint of 20 octets.
napi_value TcpConnect(napi_env env, napi_callback_info info);

}  // namespace node_tun

#endif  // NODE_TUN_TCP_H_
