/* A module that takes the packaged core's place: create({ wasm }) gives every thread an instance of it,
 * over one memory. `render` computes where parallel() tells it to; `survey` looks at the result in
 * the workers that call it, and sends what it finds through a ring to the page. */
#include <sluice/sluice.h>

enum { LIMIT = 250, CAPACITY = 1 << 12 };

typedef struct {
  uint32_t participant, row, inside;
} finding;

static uint32_t steps(double x,
                      double y) { /* until the point leaves, LIMIT when it is in the set */
  double a = 0, b = 0;
  uint32_t n = 0;
  for (; n < LIMIT && a * a + b * b <= 4; n++) {
    double next = a * a - b * b + x;
    b = 2 * a * b + y;
    a = next;
  }
  return n;
}

/* The rows from `begin` on, before `end`, of a picture of the Mandelbrot set. */
__attribute__((export_name("render"))) void render(uint32_t begin, uint32_t end, uint32_t *picture,
                                                   uint32_t width, uint32_t height) {
  for (uint32_t row = begin; row < end; row++) {
    for (uint32_t column = 0; column < width; column++) {
      picture[row * width + column] = steps(-2.2 + 3.2 * column / width, -1.2 + 2.4 * row / height);
    }
  }
}

/* Every `step`th row from `first` on: how much of it is in the set. Returns a status. */
__attribute__((export_name("survey"))) int survey(uint32_t first, uint32_t step,
                                                  const uint32_t *picture, uint32_t width,
                                                  uint32_t height) {
  sluice_space *space = sluice_thread_space(); /* made and joined by the loader */
  sluice_ring_many_producer out;
  uint32_t ring = sluice_ring_many_open(space, "survey", 6, SLUICE_KIND_RING_MPSC, CAPACITY, 0);
  int status =
      sluice_ring_many_producer_open(&out, sluice_at(space, ring), CAPACITY, space->participant);
  for (uint32_t row = first; status == SLUICE_OK && row < height; row += step) {
    finding found = {.participant = space->participant, .row = row};
    for (uint32_t column = 0; column < width; column++) {
      found.inside += picture[row * width + column] == LIMIT;
    }
    while ((status = sluice_ring_many_push(&out, &found, sizeof found, 0)) == SLUICE_E_FULL) {
      sluice_ring_many_producer_wait(&out, sizeof found, -1);
    }
  }
  sluice_ring_many_producer_close(&out);
  return status;
}
