#ifndef NODE_TUN_ENDPOINT_H_
#define NODE_TUN_ENDPOINT_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace node_tun {

// An address and a port as JavaScript sees them: 20 octets.
//
//    0        1        2        3        4                                      19
//   +--------+--------+--------+--------+----------------------------------------+
//   | family |   0    |  port (network) | address: 4 octets and 12 zeros, or 16  |
//   +--------+--------+--------+--------+----------------------------------------+
//
// family is 4 or 6. There is no scope: a link-local address works on a socket that is bound to a device.
constexpr size_t kEndpointOctets = 20;

// Room for a socket address of either family.
union SocketAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Writes kEndpointOctets octets; zeros for a family that is neither.
void PackEndpoint(const SocketAddress& address, uint8_t* out);

// Reads kEndpointOctets octets. The length of the socket address, or 0 when the octets are no endpoint of
// `family` (AF_INET or AF_INET6).
socklen_t UnpackEndpoint(const uint8_t* octets, int family, SocketAddress* out);

}  // namespace node_tun

#endif  // NODE_TUN_ENDPOINT_H_
