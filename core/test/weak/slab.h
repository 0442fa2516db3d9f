/* The programs of slab.c, for the group in table.c. */
#ifndef SLUICE_TEST_WEAK_SLAB_H
#define SLUICE_TEST_WEAK_SLAB_H

#include "weak.h"

extern const weak_litmus slab_litmus[];

#endif
