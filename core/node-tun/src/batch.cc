#include "batch.h"

#include "errors.h"

namespace node_tun {

namespace {

// Offsets are 32-bit numbers; no real slab comes near.
constexpr uint32_t kMaxOctets = UINT32_MAX;

bool Arrays(const Args& args, size_t first, Span<uint8_t>* slab, Span<uint32_t>* offsets,
            Span<uint32_t>* lengths) {
  return args.Octets(first, "batch.slab", slab) && args.Words(first + 1, "batch.offsets", offsets) &&
         args.Words(first + 2, "batch.lengths", lengths);
}

}  // namespace

bool BatchToFill::From(const Args& args, size_t first, BatchToFill* out) {
  if (!Arrays(args, first, &out->slab_, &out->offsets_, &out->lengths_) ||
      !args.Number(first + 3, "batch.slot", kMaxOctets, &out->slot_) ||
      !args.Number(first + 4, "batch.headroom", kMaxOctets, &out->headroom_) ||
      !args.Number(first + 5, "batch.capacity", kMaxOctets, &out->capacity_)) {
    return false;
  }
  if (out->headroom_ >= out->slot_) {
    ThrowRange(args.env(), "batch.headroom", "leaves nothing of a slot");
    return false;
  }
  if (uint64_t{out->capacity_} * out->slot_ > out->slab_.length ||
      out->slab_.length > kMaxOctets) {
    ThrowRange(args.env(), "batch.slab", "does not have capacity times slot octets");
    return false;
  }
  if (out->capacity_ > out->offsets_.length || out->capacity_ > out->lengths_.length) {
    ThrowRange(args.env(), "batch.capacity", "is more than offsets and lengths have");
    return false;
  }
  return true;
}

bool BatchToDrain::From(const Args& args, size_t first, BatchToDrain* out) {
  if (!Arrays(args, first, &out->slab_, &out->offsets_, &out->lengths_) ||
      !args.Number(first + 3, "from", kMaxOctets, &out->from_) ||
      !args.Number(first + 4, "batch.count", kMaxOctets, &out->end_)) {
    return false;
  }
  if (out->end_ > out->offsets_.length || out->end_ > out->lengths_.length) {
    ThrowRange(args.env(), "batch.count", "is more than offsets and lengths have");
    return false;
  }
  if (out->from_ > out->end_) {
    ThrowRange(args.env(), "from", "is past batch.count");
    return false;
  }
  for (uint32_t i = out->from_; i < out->end_; i++) {
    if (uint64_t{out->offsets_.data[i]} + out->lengths_.data[i] > out->slab_.length) {
      ThrowRange(args.env(), "a packet of the batch", "lies outside the slab");
      return false;
    }
  }
  return true;
}

}  // namespace node_tun
