#include "socket-errors.h"

#include <linux/errqueue.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "errors.h"

namespace node_tun {

namespace {

// A message that does not end is somebody flooding: the rest waits for the next turn.
constexpr int kMaxPerDrain = 256;

napi_value Octets(napi_env env, const uint8_t* octets, size_t length) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, length, &data, &buffer) != napi_ok) return nullptr;
  memcpy(data, octets, length);
  napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array);
  return array;
}

}  // namespace

void ErrorLog::Add(const Entry& entry) {
  if (count_ == kMax) {
    first_ = (first_ + 1) % kMax;
    count_--;
  }
  entries_[(first_ + count_) % kMax] = entry;
  count_++;
}

void ErrorLog::Drain(int fd) {
  for (int i = 0; i < kMaxPerDrain; i++) {
    SocketAddress to = {};
    alignas(cmsghdr) char control[512];
    msghdr message = {};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    // The octets of the datagram that failed come along too; nobody wants them.
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      bool v4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR;
      bool v6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR;
      if ((!v4 && !v6) || part->cmsg_len < CMSG_LEN(sizeof(sock_extended_err))) continue;
      sock_extended_err said;
      memcpy(&said, CMSG_DATA(part), sizeof said);
      Entry entry = {};
      entry.error = static_cast<int>(said.ee_errno);
      entry.mtu = said.ee_errno == EMSGSIZE ? said.ee_info : 0;
      PackEndpoint(to, entry.to);
      // The address of whoever sent the ICMP message stands behind the struct.
      SocketAddress reporter = {};
      size_t behind = part->cmsg_len - CMSG_LEN(sizeof said);
      memcpy(&reporter, CMSG_DATA(part) + sizeof said,
             behind < sizeof reporter ? behind : sizeof reporter);
      PackEndpoint(reporter, entry.reporter);
      entry.has_reporter = said.ee_origin != SO_EE_ORIGIN_LOCAL && entry.reporter[0] != 0;
      Add(entry);
    }
  }
  // The queue also left one pending error, which would make the next send or receive fail.
  int pending = 0;
  socklen_t length = sizeof pending;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &length);
}

napi_value ErrorLog::Take(napi_env env) {
  napi_value list = nullptr;
  if (napi_create_array_with_length(env, count_, &list) != napi_ok) return nullptr;
  for (size_t i = 0; i < count_; i++) {
    const Entry& entry = entries_[(first_ + i) % kMax];
    std::string name = ErrorName(entry.error);
    napi_value object = nullptr;
    napi_value code = nullptr;
    napi_value mtu = nullptr;
    napi_create_object(env, &object);
    napi_create_string_utf8(env, name.data(), name.size(), &code);
    napi_set_named_property(env, object, "code", code);
    napi_set_named_property(env, object, "to", Octets(env, entry.to, kEndpointOctets));
    if (entry.has_reporter) {
      napi_set_named_property(env, object, "reporter", Octets(env, entry.reporter, kEndpointOctets));
    }
    if (entry.mtu != 0) {
      napi_create_uint32(env, entry.mtu, &mtu);
      napi_set_named_property(env, object, "mtu", mtu);
    }
    napi_set_element(env, list, static_cast<uint32_t>(i), object);
  }
  first_ = 0;
  count_ = 0;
  return list;
}

}  // namespace node_tun
