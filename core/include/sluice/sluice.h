/* Sluice: messaging over shared memory. This header includes them all.
 *
 * What holds for each of them: no pointer may be NULL, but one to no bytes (a length of 0), and where
 * its comment says so. Nothing checks it: in WebAssembly 0 is an address like any other. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include "sluice/barrier.h"
#include "sluice/broadcast.h"
#include "sluice/cell.h"
#include "sluice/condvar.h"
#include "sluice/counter.h"
#include "sluice/directory.h"
#include "sluice/event.h"
#include "sluice/histogram.h"
#include "sluice/message.h"
#include "sluice/mutex.h"
#include "sluice/once.h"
#include "sluice/participant.h"
#include "sluice/queue.h"
#include "sluice/ring.h"
#include "sluice/ring_many.h"
#include "sluice/rpc.h"
#include "sluice/rwlock.h"
#include "sluice/semaphore.h"
#include "sluice/slab.h"
#include "sluice/space.h"
#include "sluice/status.h"
#include "sluice/store.h"

#endif
