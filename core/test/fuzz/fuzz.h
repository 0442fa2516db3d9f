/* Corruption fuzzing (libFuzzer): a hostile peer that rewrites any shared word at any time.
 *
 * The input is a program: which calls to make, with which arguments, and which words to overwrite
 * with what, between the calls and, at each SLUICE_STEP, in the middle of them. Whatever it does,
 * the core must not touch a byte outside the space (ASan: the space is a heap block of its own),
 * must come to an end (libFuzzer's -timeout), and may answer only with what its header lists.
 *
 * Blocking calls are made with a timeout of 0. */
#ifndef SLUICE_FUZZ_H
#define SLUICE_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/sluice.h"

enum { FUZZ_SPACE = 65536 };

/* What is left of the input. An exhausted one gives zeros. */
typedef struct fuzz_input {
  const uint8_t *at;
  size_t left;
} fuzz_input;

extern fuzz_input fuzz;

uint32_t fuzz_byte(void);
uint32_t fuzz_word(void);

/* One of a few lengths and sizes that are worth trying, or anything. */
uint32_t fuzz_size(void);

/* A fresh space with two participants, for this input. The driver frees it. */
extern sluice_space fuzz_self;
extern sluice_space fuzz_peer;

/* Overwrites a word somewhere in the space, if the input says so. */
void fuzz_poke(void);

/* Fails unless `status` is SLUICE_OK or above, or one of the errors of status.h. */
void fuzz_status(int status);

/* Fails unless `bytes` from the space's `offset` on lie in it. */
void fuzz_bounds(uint32_t offset, uint32_t bytes);

/* Reads all `bytes`, so that ASan looks at each. */
void fuzz_read(const void *at, uint32_t bytes);

/* The same for what lies at an address of the space: it is in bounds, and read. */
void fuzz_see(const void *at, uint32_t bytes);

/* Where words are overwritten more often than elsewhere: the target's object. */
void fuzz_hot(uint32_t offset, uint32_t bytes);

/* Buries the peer and has another one join in its stead; or one that the input chose. */
void fuzz_bury(void);

/* Each fuzz target: one step, chosen by the input; and what it needs before the first. */
void fuzz_begin(void);
void fuzz_step(uint32_t choice);

#endif
