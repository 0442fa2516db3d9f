/* The broadcast: a writer and two readers. */
#include "fuzz.h"

#include "sluice/broadcast.h"

enum { CAPACITY = 1024, MAX = CAPACITY / 8 };

static sluice_broadcast *broadcast;
static sluice_broadcast_writer writer;
static sluice_broadcast_reader readers[2];

void fuzz_begin(void) {
  uint32_t offset = sluice_broadcast_open(&fuzz_self, "b", 1, CAPACITY, 0);
  broadcast = sluice_at(&fuzz_self, offset);
  fuzz_hot(offset, sluice_broadcast_bytes(CAPACITY));
  (void)sluice_broadcast_writer_open(&writer, broadcast, CAPACITY, fuzz_peer.participant);
  (void)sluice_broadcast_reader_open(&readers[0], broadcast, CAPACITY, SLUICE_BROADCAST_OLDEST);
  (void)sluice_broadcast_reader_open(&readers[1], broadcast, CAPACITY, SLUICE_BROADCAST_LATEST);
}

static void receive(sluice_broadcast_reader *reader, uint32_t size) {
  unsigned char *buffer = malloc(size + 1);
  int length = sluice_broadcast_receive(reader, buffer, size);
  fuzz_status(length);
  if (length > (int)size || length > MAX) {
    abort();
  }
  if (length > 0) {
    fuzz_read(buffer, (uint32_t)length);
  }
  free(buffer);
}

void fuzz_step(uint32_t choice) {
  sluice_broadcast_reader *reader = &readers[choice >> 7];
  switch (choice % 12) {
    case 0:
    case 1:
    case 2: {
      unsigned char payload[MAX] = {0};
      fuzz_status(sluice_broadcast_send(&writer, payload, fuzz_byte() % (MAX + 1), 1));
      break;
    }
    case 3:
    case 4:
      receive(reader, fuzz_size() % FUZZ_SPACE);
      break;
    case 5:
    case 6: {
      const void *at = sluice_broadcast_peek(reader);
      fuzz_status(reader->status);
      if (at != NULL) {
        fuzz_see(at, reader->length);
        if (reader->length > MAX) {
          abort();
        }
      }
      break;
    }
    case 7:
      fuzz_status(sluice_broadcast_validate(reader));
      break;
    case 8:
      fuzz_status(sluice_broadcast_next(reader));
      break;
    case 9:
      fuzz_status(sluice_broadcast_wait(reader, 0));
      (void)sluice_broadcast_sleep(reader);
      break;
    case 10: {
      sluice_broadcast_reader opened;
      int status = sluice_broadcast_reader_open(&opened, broadcast, CAPACITY, fuzz_byte() % 4);
      fuzz_status(status);
      if (status == SLUICE_OK) {
        *reader = opened;
      }
      break;
    }
    default: {
      uint32_t how = fuzz_byte();
      if (how % 8 == 0) {
        fuzz_status(sluice_broadcast_writer_close(&writer));
      } else {
        fuzz_bury();
      }
      sluice_broadcast_writer opened;
      int status =
          sluice_broadcast_writer_open(&opened, broadcast, CAPACITY, fuzz_peer.participant);
      fuzz_status(status);
      if (status == SLUICE_OK) {
        writer = opened;
      }
      break;
    }
  }
}
