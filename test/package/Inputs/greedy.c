/* An application of a language model: greedy CONTAINER COUNT TOKEN...: prefills the tokens, then decodes COUNT more by the largest logit, on one
 * thread or (THREADS defined) a pool of two. Prints them with spaces between. */
#include "model.h"

#include "ingot/map.h"
#include "ingot/pool.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK (MODEL_PREFILL_INPUT_BYTES_tokens / sizeof(int32_t))

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES * MODEL_MAX_WORKERS + 64];
static model_prefill_context prefill;
static model_decode_context decode;
static int32_t tokens[CHUNK], position, count, token;
static float logits[MODEL_VOCABULARY];

static int bindAll(const ingot_mapped *file) {
  ingot_memory memory = {.container = file->bytes, .container_bytes = file->size, .arena = arena, .arena_bytes = sizeof arena, .state = state,
                         .state_bytes = sizeof state, .scratch = scratch, .scratch_bytes = sizeof scratch};
  int bad = model_prefill_bind(&prefill, &memory);
  memory.flags = INGOT_KEEP_STATE;
  bad |= model_decode_bind(&decode, &memory);
  bad |= model_prefill_set_input_tokens(&prefill, tokens) | model_prefill_set_input_position(&prefill, &position);
  bad |= model_prefill_set_input_count(&prefill, &count) | model_prefill_set_output_logits(&prefill, logits);
  bad |= model_decode_set_input_tokens(&decode, &token) | model_decode_set_input_position(&decode, &position);
  return bad | model_decode_set_output_logits(&decode, logits);
}

static int32_t largest(void) {
  int32_t best = 0;
  for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  ingot_pool *pool = NULL;
  if (argc < 4 || argc - 3 > (int)CHUNK || ingot_map_open(argv[1], &file) != INGOT_OK || bindAll(&file) != INGOT_OK)
    return 1;
#ifdef THREADS
  static ingot_pool two;
  pool = &two;
  if (ingot_pool_start(pool, 2) != INGOT_OK)
    return 1;
#endif
  for (; count < argc - 3; ++count)
    tokens[count] = atoi(argv[count + 3]);
  int bad = pool ? ingot_pool_step(pool, &prefill.core) : model_prefill(&prefill);
  position = count;
  for (int i = 0, most = atoi(argv[2]); i < most && !bad && position < (int32_t)MODEL_CONTEXT; ++i, ++position) {
    token = largest();
    printf(i ? " %d" : "%d", token);
    bad = pool ? ingot_pool_step(pool, &decode.core) : model_decode(&decode);
  }
  printf("\n");
  return bad;
}
