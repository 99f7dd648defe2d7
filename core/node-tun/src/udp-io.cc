#include <cerrno>
#include <cstring>
#include <optional>

#include "args.h"
#include "batch.h"
#include "errors.h"
#include "exports.h"
#include "udp.h"

namespace node_tun {

namespace {

// Datagrams in one system call; longer batches take several.
constexpr uint32_t kChunk = 64;

// The traffic class of a datagram, which is an int at most; two, as a socket of both families has them.
struct ClassRoom {
  alignas(cmsghdr) char octets[2 * CMSG_SPACE(sizeof(int))];
};

struct ReceiveArrays {
  mmsghdr messages[kChunk];
  iovec rooms[kChunk];
  SocketAddress senders[kChunk];
  ClassRoom classes[kChunk];
};

struct SendArrays {
  mmsghdr messages[kChunk];
  iovec packets[kChunk];
  ClassRoom classes[kChunk];
};

// The part of a traffic class that carries congestion marks (RFC 3168 section 5); the rest is not ours to tell.
constexpr uint8_t kEcn = 3;

// The ECN field of a datagram that came in; 0 when the kernel did not tell.
uint8_t EcnOf(msghdr* message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TOS) {
      return *CMSG_DATA(part) & kEcn;
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_TCLASS) {
      int traffic_class = 0;
      memcpy(&traffic_class, CMSG_DATA(part), sizeof traffic_class);
      return static_cast<uint8_t>(traffic_class) & kEcn;
    }
  }
  return 0;
}

// Has a datagram leave with this ECN field.
void SetEcn(msghdr* message, ClassRoom* room, int family, uint8_t ecn) {
  message->msg_control = room->octets;
  message->msg_controllen = CMSG_SPACE(sizeof(int));
  cmsghdr* part = CMSG_FIRSTHDR(message);
  part->cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  part->cmsg_type = family == AF_INET ? IP_TOS : IPV6_TCLASS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  int value = ecn & kEcn;
  memcpy(CMSG_DATA(part), &value, sizeof value);
}

// Errors of the network about earlier datagrams, which the kernel hands to whatever call comes next.
bool IsAboutEarlier(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EACCES ||
         error == EPROTO || error == ENOPROTOOPT || error == EMSGSIZE || error == EHOSTDOWN ||
         error == ENONET || error == EOPNOTSUPP || error == ENETDOWN;
}

// How often a call is made again after such an error. Whoever floods us with ICMP messages can always get one
// in between, so there is an end to it, and reaching it is no reason to fail.
constexpr int kRetries = 8;

// Errors that say nothing about what the next datagram would meet: this one is as lost as on the wire.
bool IsLoss(int error) {
  return error == EMSGSIZE || error == ENOBUFS || error == ECONNREFUSED;
}

}  // namespace

// udpReceive(handle, slab, offsets, lengths, slot, headroom, capacity, from, ecn?): how many datagrams.
napi_value UdpSocket::Receive(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  BatchToFill batch;
  Span<uint8_t> from;
  std::optional<Span<uint8_t>> ecn;
  if (self == nullptr || !BatchToFill::From(args, 1, &batch) || !args.Octets(7, "from", &from) ||
      !args.OptionalOctets(8, "batch.ecn", &ecn)) {
    return nullptr;
  }
  if (ecn.has_value() && ecn->length < batch.capacity()) {
    return ThrowRange(env, "batch.ecn", "does not have an octet for each packet");
  }
  if (from.length / kEndpointOctets < batch.capacity()) {
    return ThrowRange(env, "from", "does not have 20 octets for each packet");
  }
  ReceiveArrays arrays;
  uint32_t count = 0;
  int retries = 0;
  for (uint32_t slot = 0; slot < batch.capacity();) {
    uint32_t wanted = batch.capacity() - slot < kChunk ? batch.capacity() - slot : kChunk;
    for (uint32_t i = 0; i < wanted; i++) {
      arrays.rooms[i] = {batch.RoomOf(slot + i), batch.room()};
      arrays.messages[i] = {};
      msghdr& header = arrays.messages[i].msg_hdr;
      header.msg_name = &arrays.senders[i];
      header.msg_namelen = sizeof arrays.senders[i];
      header.msg_iov = &arrays.rooms[i];
      header.msg_iovlen = 1;
      if (ecn.has_value()) {
        header.msg_control = arrays.classes[i].octets;
        header.msg_controllen = sizeof arrays.classes[i].octets;
      }
    }
    int got = recvmmsg(self->fd(), arrays.messages, wanted, MSG_DONTWAIT, nullptr);
    if (got < 0) {
      int error = errno;
      if (error == EINTR) continue;
      if (IsAboutEarlier(error)) {
        self->errors_.Drain(self->fd());
        if (++retries < kRetries) continue;
      } else if (error != EAGAIN && count == 0) {
        return ThrowErrno(env, error, "recvmmsg");
      }
      break;
    }
    for (uint32_t i = 0; i < static_cast<uint32_t>(got); i++) {
      if ((arrays.messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
        // Longer than the slot: what is there is not the datagram.
        self->dropped_++;
        continue;
      }
      batch.Set(count, slot + i, arrays.messages[i].msg_len);
      PackEndpoint(arrays.senders[i], from.data + size_t{count} * kEndpointOctets);
      if (ecn.has_value()) ecn->data[count] = EcnOf(&arrays.messages[i].msg_hdr);
      count++;
    }
    slot += static_cast<uint32_t>(got);
    // Fewer than asked for: the queue is empty, and asking again would only say so.
    if (static_cast<uint32_t>(got) < wanted) break;
  }
  return ToNumber(env, count);
}

// udpSend(handle, slab, offsets, lengths, from, end, to, ecn?): how many datagrams of the batch are done with.
napi_value UdpSocket::Send(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  BatchToDrain batch;
  Span<uint8_t> to;
  std::optional<Span<uint8_t>> ecn;
  if (self == nullptr || !BatchToDrain::From(args, 1, &batch) || !args.Octets(6, "to", &to) ||
      !args.OptionalOctets(7, "batch.ecn", &ecn)) {
    return nullptr;
  }
  if (ecn.has_value() && ecn->length < batch.end()) {
    return ThrowRange(env, "batch.ecn", "does not have an octet for each packet");
  }
  SocketAddress address;
  socklen_t address_length = to.length < kEndpointOctets
                                 ? 0
                                 : UnpackEndpoint(to.data, self->options_.family, &address);
  if (address_length == 0) return ThrowRange(env, "to", "is not an endpoint of the socket's family");
  SendArrays arrays;
  uint32_t at = batch.from();
  int retries = 0;
  while (at < batch.end()) {
    uint32_t wanted = batch.end() - at < kChunk ? batch.end() - at : kChunk;
    for (uint32_t i = 0; i < wanted; i++) {
      Span<uint8_t> packet = batch.Packet(at + i);
      arrays.packets[i] = {packet.data, packet.length};
      arrays.messages[i] = {};
      msghdr& header = arrays.messages[i].msg_hdr;
      header.msg_name = &address;
      header.msg_namelen = address_length;
      header.msg_iov = &arrays.packets[i];
      header.msg_iovlen = 1;
      uint8_t mark = ecn.has_value() ? ecn->data[at + i] & kEcn : 0;
      if (mark != 0) SetEcn(&header, &arrays.classes[i], self->options_.family, mark);
    }
    int sent = sendmmsg(self->fd(), arrays.messages, wanted, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      at += static_cast<uint32_t>(sent);
      retries = 0;
      continue;
    }
    int error = errno;
    if (error == EINTR) continue;
    if (error == EAGAIN) break;
    if (IsAboutEarlier(error)) {
      self->errors_.Drain(self->fd());
      if (++retries < kRetries) continue;
    }
    if (IsLoss(error)) {
      self->dropped_++;
      at++;
      retries = 0;
      continue;
    }
    if (at == batch.from()) return ThrowErrno(env, error, "sendmmsg");
    break;
  }
  return ToNumber(env, at - batch.from());
}

}  // namespace node_tun
