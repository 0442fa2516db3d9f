/* Records too large for a ring: blocks of the slab, which a record names.
 *
 * Overview. A ring carries payloads up to an eighth of its capacity. A larger one stands in a block
 * of its own, and the record, of the type SLUICE_MESSAGE_BLOCK, has the block's handle and the
 * payload's length for a payload. Nothing is copied on the way.
 *
 *   sender    sluice_message_alloc; claim sizeof(sluice_message) bytes of that type; write the
 *             block; sluice_message_put; commit; sluice_slab_unref
 *   receiver  peek; sluice_message_get; read the block; sluice_message_done; release
 *
 * For rings with one consumer or with many (ring.h, ring_many.h). A broadcast's records are
 * overwritten unread, and nobody could say when a block is done with: it carries none.
 *
 * Whose the block is. Its sender's from the allocation on, by the sender's own bit, and from
 * sluice_message_put on also the record's, by SLUICE_BIT_SPACE. Since then the block says which
 * ring it is in, and where its record stands there. The sender ends its own reference only after
 * the commit, the receiver ends the record's before it releases the record. So after a death
 *
 *   of the sender, before put: the block has one bit, the dead one's, and goes with it;
 *   of the sender, between put and commit: no record that names the block stands where the block
 *     says (the claim was never published, or became padding): burial ends the record's reference;
 *   of the sender, after the commit: the record stands there, and keeps the block; or its receiver
 *     was faster and has ended that reference;
 *   of a receiver, before done: its batch is lost with it: who recovers the ring ends the references
 *     of all records that stand in that batch;
 *   of a receiver, after done: nothing refers to the block any more; a record that names it still is
 *     zeroed with the batch, unread
 *
 * and of a ring that nobody will read again the blocks go by sluice_message_discard (an SPSC ring's
 * when its consumer's death is recovered), at the latest when the ring goes itself. A handle whose
 * block is gone is refused by its serial. What a sender commits between its consumer's closing and
 * its own next claim stays until the ring goes.
 *
 * Why a channel was closed is kept the same way, in a block that its ring itself names.
 *
 * Threads. Each function: any thread on its own sluice_space. All but sluice_message_wait are
 * lock-free; put, get and done are wait-free; discard and sleep walk the heap.
 */
#ifndef SLUICE_MESSAGE_H
#define SLUICE_MESSAGE_H

#include "sluice/slab.h"

/* The type of a record that names a block. */
#define SLUICE_MESSAGE_BLOCK 1

/* Such a record's payload. */
typedef struct sluice_message {
  uint32_t offset; /* the block's handle */
  uint32_t serial;
  uint32_t length; /* bytes of the payload, from the block's start */
} sluice_message;

/* A block of `bytes` for a message through the ring at offset `ring`. Returns its offset; 0 with
 * space->status as sluice_slab_alloc. To give it up again: sluice_slab_unref. */
uint32_t sluice_message_alloc(sluice_space *space, uint32_t ring, uint32_t bytes);

/* Names the block in `record`, the payload of a claim that is open in that ring, and makes it the
 * record's. To be committed at once; then the caller ends its own reference. SLUICE_OK;
 * SLUICE_E_INVALID for a block that this participant has not got from sluice_message_alloc for that
 * ring, for a greater length than the block has, and for a record outside the ring. */
int sluice_message_put(sluice_space *space, uint32_t ring, void *record, uint32_t block,
                       uint32_t length);

/* What the record names, checked: *message is the caller's copy. `bytes` is the record's length.
 * SLUICE_OK; SLUICE_E_POISONED for a record that names no block of that ring. */
int sluice_message_get(sluice_space *space, uint32_t ring, const void *record, uint32_t bytes,
                       sluice_message *message);

/* The receiver has read it: ends the record's reference. Once for each, before the release. */
void sluice_message_done(sluice_space *space, uint32_t ring, const sluice_message *message);

/* Lets go of the blocks in a ring whose consumers have closed it for good; else does nothing. */
void sluice_message_discard(sluice_space *space, uint32_t ring);

/* ---- when the space is full ----
 *
 * A sender whose sluice_message_alloc says SLUICE_E_NO_MEMORY waits until a block is freed, as long
 * as any message is on its way that could free one. It also says so where the ring has messages in
 * it already and another would leave no block as large as the largest in the space: who passes
 * messages on from one ring to another finds memory, however full the first is kept. */

/* For a caller that sleeps by its own means: a key, when it should sleep while the header's word
 * `freed` is that; 0 when it should try again, with space->status SLUICE_OK, or when it should not:
 * SLUICE_E_NO_MEMORY when no message is on its way and there will be no more memory than now,
 * SLUICE_E_CLOSED or SLUICE_E_POISONED as the space is. */
uint32_t sluice_message_sleep(sluice_space *space, uint32_t ring, uint32_t bytes);

/* The same, asleep, for at most `timeout_ns` nanoseconds (negative: for ever). SLUICE_OK: try
 * again; SLUICE_E_NO_MEMORY, SLUICE_E_CLOSED, SLUICE_E_TIMEOUT, SLUICE_E_POISONED; SLUICE_E_AGAIN:
 * call again with the time that is left. Blocking. */
int sluice_message_wait(sluice_space *space, uint32_t ring, uint32_t bytes, int64_t timeout_ns);

/* ---- why ---- */

/* Says why the channel at offset `ring` ends, an MPSC or MPMC ring or a broadcast (an SPSC ring has
 * sluice_ring_producer_close_for): the bytes of `block`, to which this
 * participant refers. That reference goes over to the channel, which keeps the block; the first
 * reason stays. SLUICE_OK, or SLUICE_E_INVALID. To be called before closing. */
int sluice_message_reason(sluice_space *space, uint32_t ring, uint32_t block);

#endif
