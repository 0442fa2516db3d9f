/* What a call answers. Zero or more is success, each error has one number for good: the numbers
 * cross into JavaScript (loader/errors.js holds the same table) and into other versions. */
#ifndef SLUICE_STATUS_H
#define SLUICE_STATUS_H

typedef enum sluice_status {
  SLUICE_OK = 0,
  SLUICE_OWNER_DIED = 1,    /* yours, but its last owner died holding it: repair what it guards */
  SLUICE_E_FULL = -1,       /* no room now; wait for the consumer */
  SLUICE_E_EMPTY = -2,      /* nothing to read now; wait for the producer */
  SLUICE_E_CLOSED = -3,     /* the other end, or this one, closed for good */
  SLUICE_E_TIMEOUT = -4,    /* the time given passed */
  SLUICE_E_TOO_LARGE = -5,  /* longer than this object can ever carry */
  SLUICE_E_NO_MEMORY = -6,  /* the space, its directory or its participant table is full */
  SLUICE_E_MISMATCH = -7,   /* the name exists with another kind or shape */
  SLUICE_E_VERSION = -8,    /* no space of this layout version at that address */
  SLUICE_E_POISONED = -9,   /* shared words contradicted each other; the object is unusable */
  SLUICE_E_INVALID = -10,   /* an argument is out of its documented range */
  SLUICE_E_BUSY = -11,      /* this end is taken, or a claim is still open */
  SLUICE_E_PEER_LOST = -12, /* the participant at the other end died */
  SLUICE_E_AGAIN = -13,     /* another thread is in the middle of a step: call again */
  SLUICE_E_OWNER_DIED = -14 /* the last writer died while it wrote, and the value is lost */
} sluice_status;

#endif
