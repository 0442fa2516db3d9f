/* Any bytes as a PSBT, as a message and as an address: read within their bounds, and to an end. */
#include <stdlib.h>
#include <string.h>

#include "../darkswap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* Without the magic most inputs would end there. */
  uint8_t *psbt = malloc(size + 5);
  memcpy(psbt, "psbt\xff", 5);
  if (size > 0) {
    memcpy(psbt + 5, data, size);
  }
  int32_t code = ds_psbt_check(psbt, (uint32_t)size + 5);
  if (code != DS_OK && code != DS_E_PSBT) {
    abort();
  }
  (void)ds_psbt_check(data, (uint32_t)size);
  free(psbt);

  uint8_t key[DS_KEY_BYTES];
  char text[DS_ADDRESS_MAX];
  if (ds_address_key((const char *)data, (uint32_t)size, DS_MAINNET, key) == DS_OK) {
    if (ds_address(key, DS_MAINNET, text, sizeof text) != (int32_t)size) {
      abort();
    }
  }
  ds_verdict verdict;
  if (ds_verify(data, (uint32_t)size, 1, DS_MAINNET, &verdict) == DS_E_ARGUMENT) {
    abort();
  }
  return 0;
}
