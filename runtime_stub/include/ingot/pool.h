/* Optional part: a pool of POSIX threads that runs a context's steps. One pool may serve any number of contexts in turn. */
#ifndef INGOT_POOL_H
#define INGOT_POOL_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_POOL_MAX_WORKERS 64u

/* Memory of a pool: the caller's, and not moved while the pool runs. Members are private. */
typedef struct ingot_pool {
  uint64_t mutex[8]; /* the system's mutex and condition, in room for every libc Ingot supports */
  uint64_t wake[8];
  uintptr_t threads[INGOT_POOL_MAX_WORKERS];
  ingot_context *context;
  uint32_t workers;
  uint32_t ticket; /* changes when there is work */
  uint32_t taken;  /* numbers the threads as they start */
  uint32_t left;   /* threads that are not done with the current ticket */
  uint32_t stop;
  uint32_t pad;
} ingot_pool;

/* Starts workers - 1 threads; the caller of ingot_pool_step is worker 0. */
ingot_status ingot_pool_start(ingot_pool *pool, uint32_t workers);
/* Runs the model once on all workers of the pool, at most as many as the context allows. */
ingot_status ingot_pool_step(ingot_pool *pool, ingot_context *context);
/* Ends the threads. */
void ingot_pool_stop(ingot_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
