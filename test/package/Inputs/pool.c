/* Steps of a model that is split and of one that is not, on a pool of three: at once one after another, and after the threads have gone to sleep. */
#define _POSIX_C_SOURCE 199309L /* nanosleep */
#include "ingot/pool.h"

#include <stdio.h>
#include <time.h>

static uint32_t calls, most;

static void work(const ingot_frame *frame, uint32_t worker, uint32_t workers) {
  __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
  if (worker == 0)
    most = workers > most ? workers : most;
  ingot_barrier_wait(frame->barrier, workers);
}

/* 1 when `steps` steps were not done by `workers` workers each. */
static int run(ingot_pool *pool, uint32_t serial, uint32_t steps, uint32_t workers, long pause) {
  const ingot_model model = {.run = work, .abi_version = INGOT_ABI_VERSION, .max_workers = 3, .serial = serial};
  ingot_context context = {.model = &model, .workers = 3};
  const struct timespec time = {0, pause};
  context.frame.barrier = &context.barrier;
  calls = most = 0;
  for (uint32_t i = 0; i < steps; ++i) {
    if (pause)
      nanosleep(&time, NULL);
    if (ingot_pool_step(pool, &context) != INGOT_OK)
      return 1;
  }
  if (calls != steps * workers || most != workers)
    printf("serial %u: %u calls in %u steps, %u workers\n", serial, calls, steps, most);
  return calls != steps * workers || most != workers;
}

int main(void) {
  ingot_pool pool;
  ingot_context unbound = {0};
  int bad = ingot_pool_start(&pool, 3) != INGOT_OK;
  bad |= run(&pool, 0, 2000, 3, 0) | run(&pool, 1, 2000, 1, 0) | run(&pool, 0, 50, 3, 1000000) | run(&pool, 1, 50, 1, 1000000) | run(&pool, 0, 50, 3, 0);
  bad |= ingot_pool_step(&pool, &unbound) != INGOT_BAD_ARGUMENT;
  ingot_pool_stop(&pool);
  puts(bad ? "failed" : "ok");
  return bad;
}
