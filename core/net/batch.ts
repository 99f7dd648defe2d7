/**
 * Packets that cross a border together: one slab, and for each packet where it begins and how long it is.
 *
 *      slot 0                     slot 1
 *     +----------+------+--------+----------+-----------+---+
 *     | headroom | pkt0 | unused | headroom |   pkt1    |   | ...      slab
 *     +----------+------+--------+----------+-----------+---+
 *                ^offsets[0], lengths[0]    ^offsets[1], lengths[1]
 *
 * A packet is usually in its slot behind the headroom, but only offsets and lengths say so: whoever reads a
 * batch uses those alone. Whoever fills one may write anywhere inside the slots; newBatch sets the offsets to
 * the end of each headroom, and `resetBatch` does so again.
 */
export interface Batch {
  readonly slab: Uint8Array;
  /** Where each packet begins in the slab, for the first `count`. */
  readonly offsets: Uint32Array;
  /** Octets of each packet, for the first `count`. */
  readonly lengths: Uint32Array;
  /**
   * The ECN field (RFC 3168 section 5) of the outer IP header of each packet that comes from or goes to a socket.
   * Zero, Not-ECT, where nobody tells; a socket that does not carry the field loses congestion marks, nothing else.
   */
  readonly ecn: Uint8Array;
  /** How many packets there are now. */
  count: number;
  readonly capacity: number;
  /** Octets from one slot to the next, headroom included. */
  readonly slot: number;
  /** Octets left free at the beginning of each slot. */
  readonly headroom: number;
}

/** An empty batch of `capacity` slots of `slot` octets each, the first `headroom` of which stay free. */
export function newBatch(capacity: number, slot: number, headroom: number): Batch {
  if (headroom >= slot) throw new RangeError(`a headroom of ${headroom} leaves nothing of a slot of ${slot}`);
  const batch: Batch = {
    slab: new Uint8Array(capacity * slot),
    offsets: new Uint32Array(capacity),
    lengths: new Uint32Array(capacity),
    ecn: new Uint8Array(capacity),
    count: 0,
    capacity,
    slot,
    headroom,
  };
  resetBatch(batch);
  return batch;
}

/** Empties a batch and points every packet behind the headroom of its slot again. The octets stay. */
export function resetBatch(batch: Batch): void {
  for (let i = 0; i < batch.capacity; i++) {
    batch.offsets[i] = i * batch.slot + batch.headroom;
    batch.lengths[i] = 0;
    batch.ecn[i] = 0;
  }
  batch.count = 0;
}

/** Copies a packet into the next slot. False, and nothing changed, when the batch or the slot is too small. */
export function appendPacket(batch: Batch, packet: Uint8Array): boolean {
  if (batch.count >= batch.capacity || packet.length > batch.slot - batch.headroom) return false;
  const at = batch.count * batch.slot + batch.headroom;
  batch.slab.set(packet, at);
  batch.offsets[batch.count] = at;
  batch.lengths[batch.count] = packet.length;
  batch.ecn[batch.count] = 0;
  batch.count++;
  return true;
}

/** A view (no copy) of packet `index`. Throws RangeError when there is none. */
export function packetAt(batch: Batch, index: number): Uint8Array {
  const offset = batch.offsets[index];
  const length = batch.lengths[index];
  if (index >= batch.count || offset === undefined || length === undefined)
    throw new RangeError(`packet ${index} of ${batch.count}`);
  return batch.slab.subarray(offset, offset + length);
}
