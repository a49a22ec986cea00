/* Goes on with a text: a program that links what `ingot build model.gguf -o OUT` wrote.
 *   clang-22 -O2 -I OUT tools/examples/generate.c OUT/libmodel.a -o generate && ./generate OUT/model.ingot 'Once upon a time' 40 */
#include "model.h"

#include "ingot/map.h"
#include "ingot/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TEXT 4096u

/* Static memory is zero and is none before it is touched. */
static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES + 1];
static _Alignas(64) unsigned char workspace[INGOT_TOKENIZER_WORKSPACE_BYTES(MOST_TEXT)];
static int32_t ids[MOST_TEXT + MODEL_SHORT_CHUNK], position, count, token;
static float logits[MODEL_VOCABULARY];

int main(int argc, char **argv) {
  ingot_mapped file;
  ingot_tokenizer tokenizer;
  model_prefill_short_context prompt;
  model_decode_context next;
  size_t given = 0, bytes;
  if (argc != 4 || ingot_map_open(argv[1], &file) || ingot_tokenizer_open(&tokenizer, file.bytes, file.size))
    return fprintf(stderr, "usage: generate model.ingot TEXT TOKENS\n"), 1;
  ingot_memory memory = {file.bytes, file.size, arena, sizeof arena, state, sizeof state, scratch, sizeof scratch, INGOT_KEEP_STATE, 0};
  int bad = model_prefill_short_bind(&prompt, &memory) | model_decode_bind(&next, &memory);
  bad = bad || ingot_encode(&tokenizer, INGOT_TOKENS_BEGIN, argv[2], strlen(argv[2]), ids, MOST_TEXT, &given, workspace, sizeof workspace);
  if (bad || given == 0 || given > MODEL_CONTEXT)
    return fprintf(stderr, "the text is too long\n"), 1;

  model_prefill_short_set_input_position(&prompt, &position);
  model_prefill_short_set_input_count(&prompt, &count);
  model_prefill_short_set_output_logits(&prompt, logits);
  for (size_t done = 0; done < given; done += (size_t)count, position += count) {
    count = given - done < MODEL_SHORT_CHUNK ? (int32_t)(given - done) : (int32_t)MODEL_SHORT_CHUNK;
    model_prefill_short_set_input_tokens(&prompt, ids + done); /* rows behind `count` are not looked at */
    bad |= model_prefill_short(&prompt);
  }

  model_decode_set_input_tokens(&next, &token);
  model_decode_set_input_position(&next, &position);
  model_decode_set_output_logits(&next, logits);
  for (int left = atoi(argv[3]); left > 0 && !bad && position < (int32_t)MODEL_CONTEXT; --left, ++position) {
    token = 0;
    for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
      token = logits[i] > logits[token] ? i : token;
    char text[256];
    if (ingot_ends_text(&tokenizer, token) || ingot_decode(&tokenizer, 0, token, text, sizeof text, &bytes))
      break;
    fwrite(text, 1, bytes, stdout);
    fflush(stdout);
    bad = left > 1 && model_decode(&next);
  }
  ingot_map_close(&file);
  return bad;
}
