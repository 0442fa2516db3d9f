/* Sluice: messaging over shared memory. This header includes them all. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include "sluice/directory.h"
#include "sluice/participant.h"
#include "sluice/ring.h"
#include "sluice/slab.h"
#include "sluice/space.h"
#include "sluice/status.h"

#endif
