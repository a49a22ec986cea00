/* generate.c on threads of the caller, with long prompts by whole chunks: every thread runs every step as one worker of several; the ids are the same
 * whatever their number.
 *   clang-22 -O2 -pthread -I OUT tools/examples/generate-threads.c OUT/libmodel.a -o generate && ./generate OUT/model.ingot 'Once upon a time' 40 2 */
#define _POSIX_C_SOURCE 200809L /* pthread_barrier_t */

#include "model.h"

#include "ingot/map.h"
#include "ingot/tokenizer.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TEXT 4096u

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[(MODEL_SCRATCH_BYTES + 1) * MODEL_MAX_WORKERS];
static _Alignas(64) unsigned char workspace[INGOT_TOKENIZER_WORKSPACE_BYTES(MOST_TEXT)];
static int32_t ids[MOST_TEXT + MODEL_SHORT_CHUNK], position, count, token;
static float logits[MODEL_VOCABULARY];
static pthread_barrier_t turn;
static ingot_context *current; /* what all threads run next; null: they end */
static uint32_t workers;

static void yield(void) { sched_yield(); }

static void *work(void *number) {
  for (uint32_t worker = *(const uint32_t *)number;;) {
    pthread_barrier_wait(&turn);
    if (!current)
      return NULL;
    ingot_step(current, worker, workers);
  }
}

/* One step on all threads, this one as worker 0. It returns when all are done. */
static int step(ingot_context *context) {
  context->barrier.yield = yield; /* a worker that waits long lets others run */
  current = context;
  pthread_barrier_wait(&turn);
  return ingot_step(context, 0, workers);
}

/* Whole chunks while more comes behind them, of which nobody wants the logits; then what is left. */
static int prefill(model_prefill_more_context *more, model_prefill_short_context *prompt, size_t given) {
  int bad = 0;
  size_t done = 0;
  for (; given - done > MODEL_CHUNK && !bad; done += MODEL_CHUNK, position += (int32_t)MODEL_CHUNK) {
    model_prefill_more_set_input_tokens(more, ids + done);
    bad = step(&more->core);
  }
  for (; done < given && !bad; done += (size_t)count, position += count) {
    count = given - done < MODEL_SHORT_CHUNK ? (int32_t)(given - done) : (int32_t)MODEL_SHORT_CHUNK;
    model_prefill_short_set_input_tokens(prompt, ids + done);
    bad = step(&prompt->core);
  }
  return bad;
}

static int generate(model_decode_context *next, const ingot_tokenizer *tokenizer, int most) {
  int bad = 0;
  char text[256];
  size_t bytes;
  for (; most > 0 && !bad && position < (int32_t)MODEL_CONTEXT; --most, ++position) {
    token = 0;
    for (int32_t i = 1; i < (int32_t)MODEL_VOCABULARY; ++i)
      token = logits[i] > logits[token] ? i : token;
    if (ingot_ends_text(tokenizer, token) || ingot_decode(tokenizer, 0, token, text, sizeof text, &bytes))
      break;
    fwrite(text, 1, bytes, stdout);
    bad = most > 1 && step(&next->core);
  }
  return bad;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  ingot_tokenizer tokenizer;
  model_prefill_more_context more;
  model_prefill_short_context prompt;
  model_decode_context next;
  size_t given = 0;
  workers = argc == 5 ? (uint32_t)atoi(argv[4]) : 0;
  if (workers < 1 || workers > MODEL_MAX_WORKERS || ingot_map_open(argv[1], &file) || ingot_tokenizer_open(&tokenizer, file.bytes, file.size))
    return fprintf(stderr, "usage: generate model.ingot TEXT TOKENS THREADS\n"), 1;
  ingot_memory memory = {file.bytes, file.size, arena, sizeof arena, state, sizeof state, scratch, sizeof scratch, INGOT_KEEP_STATE, 0};
  int bad = model_prefill_more_bind(&more, &memory) | model_prefill_short_bind(&prompt, &memory) | model_decode_bind(&next, &memory);
  bad = bad || ingot_encode(&tokenizer, INGOT_TOKENS_BEGIN, argv[2], strlen(argv[2]), ids, MOST_TEXT, &given, workspace, sizeof workspace);
  if (bad || given == 0 || given > MODEL_CONTEXT)
    return fprintf(stderr, "the text is too long\n"), 1;
  model_prefill_more_set_input_position(&more, &position);
  model_prefill_short_set_input_position(&prompt, &position);
  model_prefill_short_set_input_count(&prompt, &count);
  model_prefill_short_set_output_logits(&prompt, logits);
  model_decode_set_input_tokens(&next, &token);
  model_decode_set_input_position(&next, &position);
  model_decode_set_output_logits(&next, logits);

  pthread_t threads[MODEL_MAX_WORKERS];
  uint32_t numbers[MODEL_MAX_WORKERS];
  pthread_barrier_init(&turn, NULL, workers);
  for (uint32_t i = 1; i < workers; ++i) {
    numbers[i] = i;
    if (pthread_create(&threads[i], NULL, work, &numbers[i]))
      return fprintf(stderr, "no thread could be had\n"), 1;
  }
  bad = prefill(&more, &prompt, given) || generate(&next, &tokenizer, atoi(argv[3]));
  current = NULL;
  pthread_barrier_wait(&turn);
  for (uint32_t i = 1; i < workers; ++i)
    pthread_join(threads[i], NULL);
  ingot_map_close(&file);
  return bad;
}
