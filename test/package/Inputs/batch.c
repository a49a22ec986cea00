/* Three sequences on one state: batch CONTAINER TOKEN...: they are decoded together, each at its own position; then one whose windows have turned is saved and
 * restored in the place of another. Prints the ids that the first generates; exit status 0: all agree. */
#include "model.h"

#include "ingot/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N MODEL_SEQUENCES
#define STEPS 12
#define LONG 210 /* tokens: more than a ring holds */

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES + 1];
static unsigned char saved[INGOT_STATE_HEADER_BYTES + MODEL_STATE_BYTES];
static float logits[N * MODEL_VOCABULARY], alone[MODEL_VOCABULARY];
static int32_t chunk[MODEL_SHORT_CHUNK], at, count, slot;
static int32_t tokens[N], positions[N], sequences[N];
static model_prefill_short_context prompt;
static model_decode_batch_context batch;
static model_decode_context decode;

static int begin(const ingot_mapped *file) {
  ingot_memory memory = {.container = file->bytes, .container_bytes = file->size, .arena = arena, .arena_bytes = sizeof arena, .state = state,
                         .state_bytes = sizeof state, .scratch = scratch, .scratch_bytes = sizeof scratch};
  int bad = model_prefill_short_bind(&prompt, &memory);
  memory.flags = INGOT_KEEP_STATE;
  bad |= model_decode_batch_bind(&batch, &memory) | model_decode_bind(&decode, &memory);
  bad |= model_prefill_short_set_input_tokens(&prompt, chunk) | model_prefill_short_set_input_position(&prompt, &at);
  bad |= model_prefill_short_set_input_count(&prompt, &count) | model_prefill_short_set_input_sequence(&prompt, &slot);
  bad |= model_prefill_short_set_output_logits(&prompt, alone);
  bad |= model_decode_batch_set_input_tokens(&batch, tokens) | model_decode_batch_set_input_position(&batch, positions);
  bad |= model_decode_batch_set_input_sequence(&batch, sequences) | model_decode_batch_set_output_logits(&batch, logits);
  bad |= model_decode_set_input_tokens(&decode, chunk) | model_decode_set_input_position(&decode, &at);
  return bad | model_decode_set_input_sequence(&decode, &slot) | model_decode_set_output_logits(&decode, alone);
}

static int32_t best(const float *row) {
  int32_t found = 0;
  for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
    found = row[i] > row[found] ? i : found;
  return found;
}

/* Puts ids into a sequence from position 0 on; the likeliest one behind them, -1 when a step fails. */
static int32_t fill(int32_t sequence, const int32_t *ids, int32_t length) {
  slot = sequence;
  for (at = 0; at < length; at += count) {
    count = length - at < (int32_t)MODEL_SHORT_CHUNK ? length - at : (int32_t)MODEL_SHORT_CHUNK;
    memcpy(chunk, ids + at, (size_t)count * sizeof *ids);
    if (model_prefill_short(&prompt) != INGOT_OK)
      return -1;
  }
  return best(alone);
}

/* Decodes next[s] at held[s] of every sequence s that is not `idle`, in rows from the last to the first; then next[s] is the likeliest one behind it. */
static int step(int32_t *next, int32_t *held, int32_t idle) {
  for (int32_t s = 0; s < (int32_t)N; ++s) {
    int32_t row = (int32_t)N - 1 - s;
    tokens[row] = next[s], positions[row] = held[s], sequences[row] = s == idle ? -1 : s;
  }
  int bad = model_decode_batch(&batch) != INGOT_OK;
  for (int32_t s = 0; s < (int32_t)N; ++s)
    if (s != idle)
      next[s] = best(logits + ((int32_t)N - 1 - s) * (int32_t)MODEL_VOCABULARY), ++held[s];
  return bad;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  int32_t ids[LONG], next[N], held[N] = {argc - 2, argc - 2, LONG};
  if (argc < 3 || argc > LONG || ingot_map_open(argv[1], &file) != INGOT_OK || begin(&file))
    return 1;
  for (int32_t i = 0; i < held[0]; ++i)
    ids[i] = atoi(argv[i + 2]);
  next[0] = fill(0, ids, held[0]);
  ids[0] = 7;
  next[1] = fill(1, ids, held[1]);
  for (int32_t i = 0; i < LONG; ++i)
    ids[i] = 3 + i * 37 % 200;
  next[2] = fill(2, ids, LONG);
  int bad = 0;
  for (int i = 0; i < STEPS; ++i) {
    printf(i ? " %d" : "%d", next[0]);
    bad |= step(next, held, -1);
  }
  printf("\n");

  /* Sequence 2 takes the place of sequence 1: from there on they have the same logits, and sequence 0 has those that it had. */
  uint32_t keep = (uint32_t)held[2], found = 0;
  uint64_t bytes = model_saved_bytes(keep);
  bad |= bytes >= sizeof saved || model_save(&batch.core, 2, keep, saved, (size_t)bytes) != INGOT_OK;
  bad |= model_save(&batch.core, N, keep, saved, (size_t)bytes) != INGOT_BAD_ARGUMENT;
  bad |= model_restore(&batch.core, N, saved, (size_t)bytes, &found) != INGOT_BAD_ARGUMENT || found != 0;
  bad |= model_restore(&decode.core, 1, saved, (size_t)bytes, &found) != INGOT_OK || found != keep;
  next[1] = next[2], held[1] = held[2];
  int32_t token = next[0];
  for (int i = 0; i < STEPS; ++i) {
    bad |= step(next, held, 0);
    bad |= memcmp(logits, logits + MODEL_VOCABULARY, sizeof alone) != 0;
  }
  keep = (uint32_t)held[0], bytes = model_saved_bytes(keep);
  bad |= model_save(&batch.core, 0, keep, saved, (size_t)bytes) != INGOT_OK;
  chunk[0] = token, at = held[0], slot = 0;
  bad |= next[0] != token || model_decode(&decode) != INGOT_OK || model_restore(&batch.core, 0, saved, (size_t)bytes, &found) != INGOT_OK;
  bad |= step(next, held, -1) || memcmp(alone, logits + (N - 1) * MODEL_VOCABULARY, sizeof alone) != 0;
  ingot_map_close(&file);
  return bad;
}
