/* An application whose model has a bound input: app CONTAINER VALUE gives it VALUE and prints the result, or why there is none. */
#include "sum.h"

#include "ingot/map.h"

#include <stdio.h>
#include <stdlib.h>

static _Alignas(64) unsigned char arena[SUM_ARENA_BYTES + 64];
static _Alignas(64) unsigned char scratch[(SUM_SCRATCH_BYTES + 64) * SUM_MAX_WORKERS];

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc < 3 || ingot_map_open(argv[1], &file) != INGOT_OK)
    return 2;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = sizeof arena, .scratch = scratch,
                         .scratch_bytes = sizeof scratch};
  const float x[6] = {0, 1, 2, 3, 4, 5}, limit = 9;
  const int64_t axes = atoll(argv[2]);
  float y[2] = {-1, -1};
  sum_context context;
  if (sum_bind(&context, &memory) != INGOT_OK || sum_set_input_x(&context, x) != INGOT_OK || sum_set_input_axes(&context, &axes) != INGOT_OK ||
      sum_set_input_limit(&context, &limit) != INGOT_OK || sum_set_output_y(&context, y) != INGOT_OK)
    return 3;
  ingot_status status = sum_run(&context);
  if (status == INGOT_OK)
    printf("%g %g\n", (double)y[0], (double)y[1]);
  else
    printf("%s\n", ingot_status_text(status));
  return status != INGOT_OK || y[0] < 0 ? 1 : 0;
}
