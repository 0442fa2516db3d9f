#include "fuzz.h"

#include "step.h"

enum { MOST_CALLS = 64 };

fuzz_input fuzz;
sluice_space fuzz_self;
sluice_space fuzz_peer;

static uint32_t hot_at;
static uint32_t hot_bytes = 1;
static int armed; /* pokes only while the input runs, not while the space is made */

uint32_t fuzz_byte(void) {
  if (fuzz.left == 0) {
    return 0;
  }
  fuzz.left--;
  return *fuzz.at++;
}

uint32_t fuzz_word(void) {
  uint32_t word = fuzz_byte();
  word |= fuzz_byte() << 8;
  word |= fuzz_byte() << 16;
  return word | fuzz_byte() << 24;
}

uint32_t fuzz_size(void) {
  uint32_t choice = fuzz_byte();
  static const uint32_t sizes[] = {0,          1,          7,          8,         9,    63,
                                   64,         100,        128,        1000,      4096, 65535,
                                   0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
  return choice < 16 ? sizes[choice] : choice < 200 ? choice : fuzz_word();
}

/* The first word from `at` on that is not zero, or one of the 31 behind it: what stands there. */
static uint32_t standing(uint32_t at) {
  uint32_t behind = fuzz_byte() % 32 * 4;
  for (at &= ~UINT32_C(3); at < FUZZ_SPACE; at += 4) {
    uint32_t word = 0;
    memcpy(&word, fuzz_self.base + at, 4);
    if (word != 0) {
      break;
    }
  }
  return at + behind;
}

/* Mostly where something stands: the header's first words, the slots, the first blocks. */
static uint32_t place(void) {
  uint32_t choice = fuzz_byte();
  uint32_t at = fuzz_byte() | fuzz_byte() << 8;
  switch (choice % 8) {
    case 0:
      return at % 128;
    case 1:
      return 128 + at % 1536;
    case 2:
      return 1664 + at % (6912 - 1664);
    case 3:
      return 6912 + at % 512;
    case 4:
    case 5:
      return hot_at + at % hot_bytes;
    case 6:
      return standing(hot_at + at % hot_bytes);
    default:
      return standing(6912 + at % (FUZZ_SPACE - 6912));
  }
}

void fuzz_poke(void) {
  if (!armed || fuzz.left < 6 || fuzz_byte() % 4 != 0) {
    return;
  }
  uint32_t at = place() & ~UINT32_C(3);
  /* never the two that say that this is a space at all: attaching is over */
  if (at < 8 || at > FUZZ_SPACE - 4) {
    return;
  }
  uint32_t how = fuzz_byte();
  uint32_t word = 0;
  memcpy(&word, fuzz_self.base + at, 4);
  switch (how % 8) {
    case 0:
      word = 0;
      break;
    case 1:
      word ^= UINT32_C(1) << (fuzz_byte() % 32);
      break;
    case 2:
      word += fuzz_byte() - 128;
      break;
    case 3:
      word = UINT32_MAX;
      break;
    case 4:
    case 5:
      word = fuzz_size();
      break;
    default:
      word = fuzz_word();
      break;
  }
  memcpy(fuzz_self.base + at, &word, 4);
}

void sluice_step(const char *name) {
  (void)name;
  fuzz_poke();
}

void fuzz_status(int status) {
  if (status < SLUICE_E_OWNER_DIED) {
    (void)fprintf(stderr, "no such status: %d\n", status);
    abort();
  }
}

void fuzz_bounds(uint32_t offset, uint32_t bytes) {
  if (offset < sizeof(sluice_space_header) || bytes > FUZZ_SPACE || offset > FUZZ_SPACE - bytes) {
    (void)fprintf(stderr, "out of the space: %u and %u bytes\n", offset, bytes);
    abort();
  }
}

void fuzz_read(const void *at, uint32_t bytes) {
  volatile unsigned char sink = 0;
  const unsigned char *from = at;
  for (uint32_t i = 0; i < bytes; i++) {
    sink = (unsigned char)(sink ^ from[i]);
  }
}

void fuzz_see(const void *at, uint32_t bytes) {
  uintptr_t offset = (uintptr_t)at - (uintptr_t)fuzz_self.base;
  fuzz_bounds(offset > FUZZ_SPACE ? FUZZ_SPACE + 1 : (uint32_t)offset, bytes);
  fuzz_read(at, bytes);
}

void fuzz_hot(uint32_t offset, uint32_t bytes) {
  hot_at = offset;
  hot_bytes = bytes;
}

void fuzz_bury(void) {
  if (fuzz_byte() % 4 == 0) {
    fuzz_status(sluice_participant_bury(&fuzz_self, fuzz_word()));
    return;
  }
  fuzz_status(sluice_participant_bury(&fuzz_self, fuzz_peer.participant));
  fuzz_peer.participant = 0;
  fuzz_status(sluice_participant_join(&fuzz_peer, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz = (fuzz_input){.at = data, .left = size};
  armed = 0;
  void *memory = aligned_alloc(SLUICE_ALIGN, FUZZ_SPACE);
  if (memory == NULL) {
    return 0;
  }
  memset(memory, 0, FUZZ_SPACE);
  (void)sluice_space_init(&fuzz_self, memory, FUZZ_SPACE);
  fuzz_peer = fuzz_self;
  (void)sluice_participant_join(&fuzz_self, 0);
  (void)sluice_participant_join(&fuzz_peer, 0);
  fuzz_hot(6912, 4096);
  fuzz_begin();
  armed = 1;
  for (uint32_t calls = 0; calls < MOST_CALLS && fuzz.left != 0; calls++) {
    fuzz_poke();
    fuzz_step(fuzz_byte());
  }
  armed = 0;
  free(memory);
  return 0;
}
