/* Weights that are streamed: stream CONTAINER STREAMED TOKENS: greedy ids behind token 1, with the functions of ingot/map.h attached when STREAMED is 1. Then, on
 * a line of its own, the most KiB of the container that were in the process's memory: looked up before each drop, when there are most, and at the end. */
#include "model.h"

#include "ingot/map.h"
#include "ingot/stream.h"

#include <stdio.h>
#include <stdlib.h>

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES + 1];
static float logits[MODEL_VOCABULARY];
static long most;
static ingot_mapped file;

/* The resident KiB of the mapping, as Linux counts them. */
static void look(void) {
  unsigned long from = (unsigned long)file.bytes, begin, end;
  long resident;
  char line[512];
  int inside = 0;
  FILE *maps = fopen("/proc/self/smaps", "r");
  while (maps && fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
      inside = begin >= from && begin < from + file.size;
    else if (inside && sscanf(line, "Rss: %ld", &resident) == 1 && resident > most)
      most = resident;
  }
  if (maps)
    fclose(maps);
}

static void drop(void *user, const void *address, size_t bytes) {
  look();
  ingot_map_drop(user, address, bytes);
}

int main(int argc, char **argv) {
  static const ingot_stream stream = {ingot_map_ahead, drop, NULL};
  int32_t token = 1, position = 0;
  model_decode_context context;
  if (argc != 4 || ingot_map_open(argv[1], &file) != INGOT_OK)
    return 1;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = sizeof arena, .state = state,
                         .state_bytes = sizeof state, .scratch = scratch, .scratch_bytes = sizeof scratch};
  ingot_status status = model_decode_bind(&context, &memory) | model_decode_set_input_tokens(&context, &token) |
                        model_decode_set_input_position(&context, &position) | model_decode_set_output_logits(&context, logits);
  if (status == INGOT_OK && argv[2][0] == '1')
    status = ingot_stream_attach(&context.core, &stream);
  for (int32_t count = atoi(argv[3]); status == INGOT_OK && position < count; ++position) {
    status = model_decode(&context);
    token = 0;
    for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
      token = logits[i] > logits[token] ? i : token;
    printf(position ? " %d" : "%d", (int)token);
  }
  look();
  printf("\n%ld\n", most);
  ingot_map_close(&file);
  return (int)status;
}
