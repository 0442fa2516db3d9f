/* For clang --target=wasm32 -nostdlib. With -mbulk-memory the compiler puts memory.copy and
 * memory.fill where memcpy and memset are called, here too; it may still emit calls. */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  return __builtin_memcpy(to, from, bytes);
}

void *memset(void *at, int value, size_t bytes) {
  return __builtin_memset(at, value, bytes);
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *one = a;
  const unsigned char *other = b;
  for (size_t i = 0; i < bytes; i++) {
    if (one[i] != other[i]) {
      return one[i] < other[i] ? -1 : 1;
    }
  }
  return 0;
}
