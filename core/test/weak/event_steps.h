/* Event words as steps of other objects' programs: core/src/wait.h, lock.h. Their own orders are
 * weakened in event.c; here they are as they are. r6 and r7 are scratch. */
#ifndef SLUICE_TEST_WEAK_EVENT_STEPS_H
#define SLUICE_TEST_WEAK_EVENT_STEPS_H

#include "weak.h"

enum { EVENT_WAITER = 1 };

#define EVENT_MARK(to, word)                         \
  do {                                               \
    FETCH_OR(to, word, EVENT_WAITER, SEQ_CST, NULL); \
    to |= EVENT_WAITER;                              \
  } while (0)

#define EVENT_SIGNAL_ALL(word)                           \
  do {                                                   \
    LOAD(r6, word, SEQ_CST, NULL);                       \
    while ((r6 & EVENT_WAITER) != 0) {                   \
      r7 = r6;                                           \
      CAS(r6, word, r7, r7 + 1, SEQ_CST, SEQ_CST, NULL); \
      if (r6 == r7) {                                    \
        WAKE(word);                                      \
        break;                                           \
      }                                                  \
    }                                                    \
  } while (0)

/* The bit goes when nobody slept; and whoever has gone to sleep since, whose mark has changed
 * nothing, looks again. */
#define EVENT_SIGNAL_ONE(word)                                                  \
  do {                                                                          \
    LOAD(r6, word, SEQ_CST, NULL);                                              \
    while ((r6 & EVENT_WAITER) != 0) {                                          \
      r7 = r6;                                                                  \
      CAS(r6, word, r7, r7 + 2, SEQ_CST, SEQ_CST, NULL);                        \
      if (r6 == r7) {                                                           \
        WAKE_ONE(r6, word);                                                     \
        if (r6 == 0) {                                                          \
          CAS(r6, word, r7 + 2, r7 + 4 - EVENT_WAITER, SEQ_CST, RELAXED, NULL); \
          if (r6 == r7 + 2) {                                                   \
            WAKE(word);                                                         \
          }                                                                     \
        }                                                                       \
        break;                                                                  \
      }                                                                         \
    }                                                                           \
  } while (0)

/* sluice_event_wake_all */
#define EVENT_WAKE_ALL(word)               \
  do {                                     \
    FETCH_ADD(r6, word, 2, SEQ_CST, NULL); \
    WAKE(word);                            \
  } while (0)

#endif
