/* The three functions of <string.h> that the core calls, where there is no C library: clang
 * --target=wasm32 without a sysroot. */
#ifndef SLUICE_FREESTANDING_STRING_H
#define SLUICE_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *at, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif
