#include "sluice/counter.h"

#include "internal.h"

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_COUNTER,
                        .bytes = sizeof(sluice_counter),
                        .capacity = SLUICE_COUNTER_STRIPES};
}

int sluice_counter_init(void *at) {
  return sluice_object_init(at, shape());
}

uint32_t sluice_counter_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_counter_add(sluice_counter *counter, uint32_t owner, uint64_t amount) {
  uint32_t slot = (owner & UINT32_C(0xff)) - 1;
  if (!sluice_owner_valid(owner)) {
    return SLUICE_E_INVALID;
  }
  atomic_fetch_add_explicit(&counter->stripes[slot % SLUICE_COUNTER_STRIPES].value, amount,
                            memory_order_relaxed);
  return SLUICE_OK;
}

uint64_t sluice_counter_read(const sluice_counter *counter) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < SLUICE_COUNTER_STRIPES; i++) {
    sum += atomic_load_explicit(&counter->stripes[i].value, memory_order_relaxed);
  }
  return sum;
}
