#include "endpoint.h"

#include <cstring>

namespace node_tun {

void PackEndpoint(const SocketAddress& address, uint8_t* out) {
  memset(out, 0, kEndpointOctets);
  if (address.generic.sa_family == AF_INET) {
    out[0] = 4;
    memcpy(out + 2, &address.v4.sin_port, 2);
    memcpy(out + 4, &address.v4.sin_addr, 4);
  } else if (address.generic.sa_family == AF_INET6) {
    out[0] = 6;
    memcpy(out + 2, &address.v6.sin6_port, 2);
    memcpy(out + 4, &address.v6.sin6_addr, 16);
  }
}

socklen_t UnpackEndpoint(const uint8_t* octets, int family, SocketAddress* out) {
  memset(out, 0, sizeof *out);
  if (family == AF_INET && octets[0] == 4) {
    out->v4.sin_family = AF_INET;
    memcpy(&out->v4.sin_port, octets + 2, 2);
    memcpy(&out->v4.sin_addr, octets + 4, 4);
    return sizeof out->v4;
  }
  if (family == AF_INET6 && octets[0] == 6) {
    out->v6.sin6_family = AF_INET6;
    memcpy(&out->v6.sin6_port, octets + 2, 2);
    memcpy(&out->v6.sin6_addr, octets + 4, 16);
    return sizeof out->v6;
  }
  return 0;
}

}  // namespace node_tun
