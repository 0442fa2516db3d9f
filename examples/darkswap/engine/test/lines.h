/* The vectors' files, a line at a time. */
#ifndef DARKSWAP_LINES_H
#define DARKSWAP_LINES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

enum { LINE_MAX_LENGTH = 8192, BYTES_MAX = LINE_MAX_LENGTH / 2 };

/* Others than the repository's own where the variable names a folder (run.sh). */
static inline FILE *open_vectors(const char *name) {
  char path[512];
  const char *others = getenv("DARKSWAP_VECTORS");
  (void)snprintf(path, sizeof path, "%s/%s", others == NULL ? DARKSWAP_VECTORS : others, name);
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    fail_msg("%s is missing", path);
  }
  return file;
}

/* All of the repository's own; others may be more. */
static inline void check_count(uint32_t count, uint32_t own) {
  assert_true(getenv("DARKSWAP_VECTORS") == NULL ? count == own : count >= own);
}

/* The next line that is no comment, without its end; NULL at the end. */
static inline char *next_line(FILE *file, char line[LINE_MAX_LENGTH]) {
  while (fgets(line, LINE_MAX_LENGTH, file) != NULL) {
    line[strcspn(line, "\r\n")] = 0;
    if (line[0] != '#' && line[0] != 0) {
      return line;
    }
  }
  return NULL;
}

/* Cuts the next field off. */
static inline char *next_field(char **rest, char separator) {
  char *field = *rest;
  char *end = strchr(field, separator);
  *rest = end == NULL ? field + strlen(field) : end + 1;
  if (end != NULL) {
    *end = 0;
  }
  return field;
}

/* Hex as bytes. Returns how many. */
static inline uint32_t unhex(const char *hex, uint8_t bytes[BYTES_MAX]) {
  uint32_t length = (uint32_t)strlen(hex) / 2;
  for (uint32_t i = 0; i < length; i++) {
    unsigned value = 0;
    if (sscanf(hex + 2 * (size_t)i, "%2x", &value) != 1) {
      fail_msg("not hex: %s", hex);
    }
    bytes[i] = (uint8_t)value;
  }
  return length;
}

#endif
