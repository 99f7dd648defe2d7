#ifndef NODE_TUN_BATCH_H_
#define NODE_TUN_BATCH_H_

#include <cstddef>
#include <cstdint>

#include "args.h"

namespace node_tun {

// A batch to fill: `capacity` slots of `slot` octets, the first `headroom` of each left alone.
//
//      slot 0                     slot 1
//     +----------+---------------+----------+---------------+
//     | headroom |     room      | headroom |     room      | ...      slab
//     +----------+---------------+----------+---------------+
//
// The constructor functions prove that every slot lies inside the slab, and that offsets and lengths have an
// element for each: nothing after that can reach outside.
class BatchToFill {
 public:
  // Takes the arguments `first`..`first + 5`: slab, offsets, lengths, slot, headroom, capacity.
  static bool From(const Args& args, size_t first, BatchToFill* out);

  uint32_t capacity() const { return capacity_; }
  size_t room() const { return slot_ - headroom_; }
  // Where slot `index` (below capacity) has its room.
  uint8_t* RoomOf(uint32_t index) const { return slab_.data + OffsetOf(index); }
  // Says that packet `packet` is at the beginning of the room of slot `index`.
  void Set(uint32_t packet, uint32_t index, size_t length) {
    offsets_.data[packet] = static_cast<uint32_t>(OffsetOf(index));
    lengths_.data[packet] = static_cast<uint32_t>(length);
  }

 private:
  size_t OffsetOf(uint32_t index) const { return size_t{index} * slot_ + headroom_; }

  Span<uint8_t> slab_;
  Span<uint32_t> offsets_;
  Span<uint32_t> lengths_;
  uint32_t slot_ = 0;
  uint32_t headroom_ = 0;
  uint32_t capacity_ = 0;
};

// Packets to take out of a batch: those from index `from` up to, not including, `end`. Each was proved to lie
// inside the slab.
class BatchToDrain {
 public:
  // Takes the arguments `first`..`first + 4`: slab, offsets, lengths, from, end.
  static bool From(const Args& args, size_t first, BatchToDrain* out);

  uint32_t from() const { return from_; }
  uint32_t end() const { return end_; }
  Span<uint8_t> Packet(uint32_t index) const {
    return {slab_.data + offsets_.data[index], lengths_.data[index]};
  }

 private:
  Span<uint8_t> slab_;
  Span<uint32_t> offsets_;
  Span<uint32_t> lengths_;
  uint32_t from_ = 0;
  uint32_t end_ = 0;
};

}  // namespace node_tun

#endif  // NODE_TUN_BATCH_H_
