/* Runs the shapes model on a painted stack of its own and prints how many bytes of it were written. */
#define _GNU_SOURCE
#include "model.h"

#include "ingot/map.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { STACK_BYTES = 256 << 10, PAINT = 0xa5 };
static _Alignas(4096) unsigned char stack[STACK_BYTES];
static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], scratch[MODEL_SCRATCH_BYTES + 1];
static float picture[16 * 16], probabilities[4];
static model_context context;

static void *nothing(void *unused) { return unused; }

static void *run(void *unused) { return model_run(&context) == INGOT_OK ? &context : unused; }

/* Bytes below the highest untouched run of paint. */
static int touched(void *(*function)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  void *result = NULL;
  memset(stack, PAINT, sizeof stack);
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, sizeof stack);
  if (pthread_create(&thread, &attributes, function, &context) || pthread_join(thread, &result) || !result)
    return -1;
  int low = 0;
  while (low < STACK_BYTES && stack[low] == PAINT)
    ++low;
  return STACK_BYTES - low;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc != 2 || ingot_map_open(argv[1], &file))
    return 1;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = MODEL_ARENA_BYTES,
                         .scratch = scratch, .scratch_bytes = MODEL_SCRATCH_BYTES};
  if (model_bind(&context, &memory) || model_set_input_picture(&context, picture) || model_set_output_probabilities(&context, probabilities))
    return 1;
  int empty = touched(nothing), full = touched(run);
  printf("%d\n", empty < 0 || full < 0 ? -1 : full - empty);
  return 0;
}
