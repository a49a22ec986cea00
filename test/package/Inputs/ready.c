/* Is a language model ready before its memory is touched? ready CONTAINER: maps it, opens the tokenizer, binds both ways of running on memory that is
 * zero, and counts the pages that this took. Exit status 0: few, of the many that container and state have. */
#define _DEFAULT_SOURCE /* getrusage */

#include "model.h"

#include "ingot/map.h"
#include "ingot/tokenizer.h"

#include <stdio.h>
#include <sys/resource.h>

#define MOST_PAGES 48 /* code, stack, contexts, the boot table and the header of the tokenizer's tables */

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], state[MODEL_STATE_BYTES], scratch[MODEL_SCRATCH_BYTES + 1];
static model_prefill_short_context prompt;
static model_decode_context next;

static long pages(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  ingot_tokenizer tokenizer;
  long before = pages();
  if (argc != 2 || ingot_map_open(argv[1], &file) || ingot_tokenizer_open(&tokenizer, file.bytes, file.size))
    return 1;
  ingot_memory memory = {file.bytes, file.size, arena, sizeof arena, state, sizeof state, scratch, sizeof scratch, INGOT_KEEP_STATE, 0};
  if (model_prefill_short_bind(&prompt, &memory) || model_decode_bind(&next, &memory))
    return 1;
  long touched = pages() - before, all = (long)((file.size + sizeof state) / 4096);
  printf("%ld pages touched of %ld\n", touched, all);
  return touched > MOST_PAGES || all < 20 * MOST_PAGES;
}
