#include <cerrno>
#include <cstring>

#include "args.h"
#include "batch.h"
#include "errors.h"
#include "exports.h"
#include "udp.h"

namespace node_tun {

namespace {

// Datagrams in one system call; longer batches take several.
constexpr uint32_t kChunk = 64;

struct ReceiveArrays {
  mmsghdr messages[kChunk];
  iovec rooms[kChunk];
  SocketAddress senders[kChunk];
};

struct SendArrays {
  mmsghdr messages[kChunk];
  iovec packets[kChunk];
};

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

// udpReceive(handle, slab, offsets, lengths, slot, headroom, capacity, from): how many datagrams.
napi_value UdpSocket::Receive(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  BatchToFill batch;
  Span<uint8_t> from;
  if (self == nullptr || !BatchToFill::From(args, 1, &batch) || !args.Octets(7, "from", &from)) {
    return nullptr;
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
      count++;
    }
    slot += static_cast<uint32_t>(got);
    // Fewer than asked for: the queue is empty, and asking again would only say so.
    if (static_cast<uint32_t>(got) < wanted) break;
  }
  return ToNumber(env, count);
}

// udpSend(handle, slab, offsets, lengths, from, end, to): how many datagrams of the batch are done with.
napi_value UdpSocket::Send(napi_env env, napi_callback_info info) {
  Args args(env, info);
  UdpSocket* self = Self(args);
  BatchToDrain batch;
  Span<uint8_t> to;
  if (self == nullptr || !BatchToDrain::From(args, 1, &batch) || !args.Octets(6, "to", &to)) {
    return nullptr;
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
