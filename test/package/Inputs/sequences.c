/* Sequences of a language model: sequences CONTAINER TOKEN...: three of them on one set of weights, a state each, in turns; then positions that are saved
 * and restored in another state, whole and cut short. Prints the ids that the first generates; exit status 0: all agree. */
#include "model.h"

#include "ingot/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCES 3
#define STEPS 12

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], states[SEQUENCES][(MODEL_STATE_BYTES + 63) / 64 * 64], scratch[MODEL_SCRATCH_BYTES + 1];
static float logits[MODEL_VOCABULARY];
static model_decode_context sequences[SEQUENCES];
static int32_t token, position;

static int begin(model_decode_context *context, const ingot_mapped *file, unsigned char *state) {
  ingot_memory memory = {.container = file->bytes, .container_bytes = file->size, .arena = arena, .arena_bytes = sizeof arena, .state = state,
                         .state_bytes = sizeof states[0], .scratch = scratch, .scratch_bytes = sizeof scratch};
  return model_decode_bind(context, &memory) | model_decode_set_input_tokens(context, &token) | model_decode_set_input_position(context, &position) |
         model_decode_set_output_logits(context, logits);
}

/* Runs token `fed` at `at`; the likeliest one behind it. */
static int32_t feed(model_decode_context *context, int32_t fed, int32_t at) {
  token = fed;
  position = at;
  if (model_decode(context) != INGOT_OK)
    return -1;
  int32_t best = 0;
  for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
    best = logits[i] > logits[best] ? i : best;
  return best;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  int32_t made[STEPS], turns[SEQUENCES], given = argc - 2;
  if (argc < 3 || ingot_map_open(argv[1], &file) != INGOT_OK)
    return 1;
  int bad = begin(&sequences[0], &file, states[0]);
  int32_t next = 0;
  for (int32_t i = 0; i < given; ++i)
    next = feed(&sequences[0], atoi(argv[i + 2]), i);
  for (int32_t i = 0; i < STEPS; ++i) {
    made[i] = next;
    printf(i ? " %d" : "%d", next);
    next = feed(&sequences[0], next, given + i);
  }
  printf("\n");

  /* In turns: sequence 1 hears token 7 first, the others hear the same as above. */
  for (int s = 0; s < SEQUENCES; ++s)
    bad |= begin(&sequences[s], &file, states[s]);
  for (int32_t i = 0; i < given + STEPS; ++i)
    for (int s = 0; s < SEQUENCES; ++s) {
      int32_t heard = i < given ? (s == 1 && i == 0 ? 7 : atoi(argv[i + 2])) : s == 1 ? turns[s] : made[i - given];
      bad |= s != 1 && i >= given && turns[s] != made[i - given];
      turns[s] = feed(&sequences[s], heard, i);
    }
  bad |= memcmp(states[0], states[2], MODEL_STATE_BYTES) != 0 || memcmp(states[0], states[1], MODEL_STATE_BYTES) == 0;

  /* Saved after 5 generated tokens, restored over other bytes. */
  static unsigned char saved[INGOT_STATE_HEADER_BYTES + MODEL_STATE_BYTES], damaged[sizeof saved];
  uint32_t keep = (uint32_t)given + 5, found = 0;
#ifdef MODEL_REWIND /* only what a sequence ends with can be saved: it begins anew, and ends there */
  for (int32_t i = 0; i < (int32_t)keep; ++i)
    feed(&sequences[2], i < given ? atoi(argv[i + 2]) : made[i - given], i);
#endif
  uint64_t bytes = model_saved_bytes(keep);
  bad |= bytes >= model_saved_bytes(MODEL_CONTEXT) || bytes > sizeof saved || model_save(&sequences[2].core, keep, saved, (size_t)bytes) != INGOT_OK;
  bad |= model_save(&sequences[2].core, keep, saved, (size_t)bytes - 1) != INGOT_TOO_SMALL;
  memset(states[1], 0x3C, sizeof states[1]);
  bad |= model_restore(&sequences[1].core, saved, (size_t)bytes - 1, &found) != INGOT_TOO_SMALL || found != 0;
  const uint32_t many = MODEL_CONTEXT + 1;
  memcpy(damaged, saved, (size_t)bytes);
  memcpy(damaged + INGOT_HASH_BYTES, &many, sizeof many);
  bad |= model_restore(&sequences[1].core, damaged, sizeof damaged, &found) != INGOT_DAMAGED || found != 0;
  bad |= model_restore(&sequences[1].core, saved, (size_t)bytes, &found) != INGOT_OK || found != keep;
  for (int32_t i = 5; i < STEPS; ++i) {
    int32_t after = feed(&sequences[1], made[i], given + i);
    bad |= i + 1 < STEPS && after != made[i + 1];
  }
  saved[0] ^= 1;
  bad |= model_restore(&sequences[1].core, saved, (size_t)bytes, &found) != INGOT_ABI_MISMATCH;
  ingot_map_close(&file);
  return bad;
}
