/* What stands behind the JNI calls of an Android app: the weights are an uncompressed asset of the APK, mapped where they lie (zipalign -P 16), and the
 * text goes back piece by piece. Needs no C library. A device with pages of 16 KiB wants -z max-page-size=16384; the model's for an AArch64 device:
 *   clang --target=aarch64-linux-android31 -shared -fPIC -O2 -Wl,-z,max-page-size=16384 -I OUT android.c OUT/libmodel.a -o libassistant.so
 * with AssetFileDescriptor's file, start and length for assistant_open. */
#include "model.h"

#include "ingot/map.h"
#include "ingot/tokenizer.h"

#define MOST_TEXT 2048u

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES + 1];
static _Alignas(64) unsigned char workspace[INGOT_TOKENIZER_WORKSPACE_BYTES(MOST_TEXT)];
static int32_t ids[MOST_TEXT + MODEL_SHORT_CHUNK], position, count, token;
static float logits[MODEL_VOCABULARY];
static ingot_mapped weights;
static ingot_tokenizer tokenizer;
static model_prefill_short_context prompt;
static model_decode_context next;

/* Maps the weights and makes the model ready: 0, or an ingot_status. Microseconds, whatever the model's size. */
int assistant_open(int file, uint64_t offset, uint64_t bytes) {
  ingot_status status = ingot_map_part(file, offset, bytes, &weights);
  if (status == INGOT_OK)
    status = ingot_tokenizer_open(&tokenizer, weights.bytes, weights.size);
  if (status != INGOT_OK)
    return status;
  ingot_memory memory = {weights.bytes, weights.size, arena, sizeof arena, state, sizeof state, scratch, sizeof scratch, INGOT_KEEP_STATE, 0};
  status = model_prefill_short_bind(&prompt, &memory);
  if (status == INGOT_OK)
    status = model_decode_bind(&next, &memory);
  if (status != INGOT_OK)
    return status;
  model_prefill_short_set_input_position(&prompt, &position);
  model_prefill_short_set_input_count(&prompt, &count);
  model_prefill_short_set_output_logits(&prompt, logits);
  model_decode_set_input_tokens(&next, &token);
  model_decode_set_input_position(&next, &position);
  return model_decode_set_output_logits(&next, logits);
}

/* Adds a text to the conversation: 0, or an ingot_status. */
int assistant_hear(const char *text, size_t bytes) {
  size_t given;
  ingot_status status = ingot_encode(&tokenizer, position == 0 ? INGOT_TOKENS_BEGIN : 0u, text, bytes, ids, MOST_TEXT, &given, workspace, sizeof workspace);
  if (status == INGOT_OK && given > MODEL_CONTEXT - (size_t)position)
    status = INGOT_TOO_SMALL;
  for (size_t done = 0; status == INGOT_OK && done < given; done += (size_t)count, position += count) {
    count = given - done < MODEL_SHORT_CHUNK ? (int32_t)(given - done) : (int32_t)MODEL_SHORT_CHUNK;
    model_prefill_short_set_input_tokens(&prompt, ids + done);
    status = model_prefill_short(&prompt);
  }
  return status;
}

/* The likeliest next piece of text: `bytes` of at most `room`, none for some tokens. 0: the text is at its end, or the context is full. */
int assistant_say(char *text, size_t room, size_t *bytes) {
  token = 0;
  for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
    token = logits[i] > logits[token] ? i : token;
  if (position >= (int32_t)MODEL_CONTEXT || ingot_ends_text(&tokenizer, token) || ingot_decode(&tokenizer, 0, token, text, room, bytes))
    return 0;
  int good = model_decode(&next) == INGOT_OK;
  ++position;
  return good;
}
