/* An application: maps the container (or uses the embedded one), binds, runs on one thread and on a pool of two, and sees that
 * a container of another build is refused with both hashes. */
#include "sample.h"

#include "ingot/map.h"
#include "ingot/pool.h"

#include <stdio.h>
#include <string.h>

static _Alignas(64) unsigned char arena[SAMPLE_ARENA_BYTES];
static _Alignas(64) unsigned char damaged[SAMPLE_CONTAINER_BYTES];

static int refuse(ingot_status status, ingot_status expected, const char *what) {
  if (status == expected)
    return 0;
  printf("%s: %s\n", what, ingot_status_text(status));
  return 1;
}

static int run(sample_context *context, ingot_pool *pool) {
  float in[5] = {10, 20, 30, 40, 50}, out[5] = {0};
  int bad = refuse(sample_set_input_in(context, in), INGOT_OK, "input") | refuse(sample_set_output_out(context, out), INGOT_OK, "output");
  bad |= refuse(pool ? ingot_pool_step(pool, &context->core) : sample_run(context), INGOT_OK, "run");
  for (int i = 0; i < 5; ++i)
    bad |= out[i] != (in[i] + (float)(i + 1)) * 2 * (float)(i + 1);
  return bad;
}

static int checkOther(const ingot_mapped *file) {
  ingot_container found;
  char text[65];
  memcpy(damaged, file->bytes, file->size);
  damaged[32] ^= 1;
  int bad = refuse(ingot_check(&sample_model, damaged, file->size, &found), INGOT_ABI_MISMATCH, "another build");
  ingot_hash_text(found.abi_hash, text);
  bad |= strcmp(text, SAMPLE_ABI_HASH) == 0;
  bad |= refuse(ingot_check(&sample_model, file->bytes, file->size - 1, NULL), INGOT_TRUNCATED, "cut");
  return bad;
}

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc < 2 || refuse(ingot_map_open(argv[1], &file), INGOT_OK, "map"))
    return 1;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = sizeof arena};
#ifdef EMBEDDED
  if (memcmp(ingot_container_sample, file.bytes, file.size) != 0)
    return 2;
  memory.container = ingot_container_sample;
#endif
  sample_context context;
  ingot_pool pool;
  int bad = refuse(sample_bind(&context, &memory), INGOT_OK, "bind");
  bad |= refuse(sample_run(&context), INGOT_NOT_BOUND, "unbound") | run(&context, NULL);
  bad |= refuse(ingot_pool_start(&pool, 2), INGOT_OK, "pool");
  for (int i = 0; i < 1000 && !bad; ++i)
    bad |= run(&context, &pool);
  ingot_pool_stop(&pool);
  memory.arena = arena + 1;
  bad |= refuse(sample_bind(&context, &memory), INGOT_MISALIGNED, "misaligned") | checkOther(&file);
  ingot_map_close(&file);
  printf(bad ? "FAIL\n" : "ok\n");
  return bad;
}
