#include "sluice/event.h"

#include "kinds.h"
#include "lock.h"

static sluice_shape shape(void) {
  return (sluice_shape){.kind = SLUICE_KIND_EVENT, .bytes = (uint32_t)sizeof(sluice_event)};
}

uint32_t sluice_event_open(sluice_space *space, const char *name, uint32_t name_bytes) {
  return sluice_object_open(space, name, name_bytes, shape());
}

int sluice_event_init(void *at) {
  return sluice_object_init(at, shape());
}

uint32_t sluice_event_key(sluice_event *event) {
  uint32_t key = sluice_event_mark(&event->count);
  SLUICE_STEP("event.key: marked");
  return key;
}

int sluice_event_wait(sluice_event *event, uint32_t key, int64_t timeout_ns) {
  sluice_deadline deadline = sluice_deadline_in(timeout_ns);
  sluice_patience patience = sluice_patience_for(&deadline);
  for (;;) {
    /* After the key was taken: a close changes the flags, then the count. */
    int status = sluice_flags_status(&event->object.state);
    if (status != SLUICE_OK) {
      return status;
    }
    /* seq_cst: what was changed before the notification is visible after it */
    if (atomic_load_explicit(&event->count, memory_order_seq_cst) != key) {
      return SLUICE_OK;
    }
    if (sluice_patience_spin(&patience)) {
      continue;
    }
    status = sluice_sleep(&event->count, key, &deadline);
    SLUICE_STEP("event.wait: woken");
    if (status != SLUICE_OK) {
      return atomic_load_explicit(&event->count, memory_order_seq_cst) != key ? SLUICE_OK : status;
    }
  }
}

int sluice_event_notify_one(sluice_event *event) {
  int status = sluice_flags_status(&event->object.state);
  if (status == SLUICE_OK) {
    SLUICE_STEP("event.notify: about to wake one");
    sluice_event_signal_one(&event->count);
    SLUICE_STEP("event.notify: one woken");
  }
  return status;
}

int sluice_event_notify_all(sluice_event *event) {
  int status = sluice_flags_status(&event->object.state);
  if (status == SLUICE_OK) {
    SLUICE_STEP("event.notify: about to wake all");
    sluice_event_signal_all(&event->count);
    SLUICE_STEP("event.notify: all woken");
  }
  return status;
}

int sluice_event_recover(sluice_space *space, sluice_event *event, uint32_t id) {
  (void)space;
  (void)id;
  sluice_event_wake_all(&event->count);
  return SLUICE_OK;
}

int sluice_event_shut(sluice_event *event) {
  sluice_flag(&event->object, SLUICE_OBJECT_CLOSED);
  sluice_event_wake_all(&event->count);
  return SLUICE_OK;
}
