/* An application of a model with two entry points: both contexts are bound to one container, arena and state; what one step leaves in the
 * state the other finds. Binding without INGOT_KEEP_STATE begins anew, a saved state comes back in either context. */
#include "steps.h"

#include "ingot/map.h"
#include "ingot/pool.h"

#include <stdio.h>

static _Alignas(64) unsigned char arena[STEPS_ARENA_BYTES], state[STEPS_STATE_BYTES];
static unsigned char saved[INGOT_STATE_HEADER_BYTES + STEPS_STATE_BYTES];
static steps_feed_context feed;
static steps_total_context total;
static float in[5] = {1, 2, 3, 4, 5}, out[5];

static int bindAll(ingot_memory *memory) {
  memory->flags = 0;
  int bad = steps_feed_bind(&feed, memory);
  memory->flags = INGOT_KEEP_STATE;
  bad |= steps_total_bind(&total, memory);
  return bad | steps_feed_set_input_x(&feed, in) | steps_total_set_output_y(&total, out);
}

/* The sum of `times` inputs, times the weights 1 .. 5. */
static int expectTotal(float times) {
  int bad = steps_total(&total);
  for (int i = 0; i < 5; ++i)
    bad |= out[i] != times * in[i] * (float)(i + 1);
  return bad;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc < 2 || ingot_map_open(argv[1], &file) != INGOT_OK)
    return 1;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = sizeof arena, .state = state,
                         .state_bytes = sizeof state};
  ingot_pool pool;
  int bad = bindAll(&memory) | expectTotal(0) | steps_feed(&feed) | expectTotal(1) | ingot_pool_start(&pool, 2);
  bad |= ingot_pool_step(&pool, &feed.core) | expectTotal(2) | ingot_pool_step(&pool, &total.core) | expectTotal(2);
  bad |= ingot_state_save(&feed.core, saved, sizeof saved) | steps_feed(&feed) | expectTotal(3);
  bad |= ingot_state_restore(&total.core, saved, sizeof saved) | expectTotal(2);
  bad |= bindAll(&memory) | expectTotal(0);
  ingot_pool_stop(&pool);
  ingot_map_close(&file);
  printf(bad ? "FAIL\n" : "ok %u %u\n", STEPS_CONTEXT, STEPS_FEED_INPUT_COUNT);
  return bad;
}
