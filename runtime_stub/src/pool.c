/* Optional part: POSIX threads that run steps. A ticket starts a round: threads look for it a while, for steps often follow one another at once and
 * to wake a thread takes 15 to 45 microseconds, then sleep. They count themselves off at a round's end, so that no thread touches the context after
 * ingot_pool_step has returned. */
#include "ingot/pool.h"

#include "posix.h"
#include "spin.h"

/* Waits for a ticket other than `seen`, and returns it. */
static uint32_t waitForTicket(ingot_pool *pool, uint32_t seen) {
  uint32_t ticket = seen;
  for (uint32_t spins = 0; ticket == seen && spins < INGOT_SPINS; ++spins) {
    ingot_pause();
    ticket = __atomic_load_n(&pool->ticket, __ATOMIC_ACQUIRE);
  }
  if (ticket != seen)
    return ticket;
  pthread_mutex_lock(pool->mutex);
  while (pool->ticket == seen)
    pthread_cond_wait(pool->wake, pool->mutex);
  ticket = pool->ticket;
  pthread_mutex_unlock(pool->mutex);
  return ticket;
}

static void postTicket(ingot_pool *pool) {
  pthread_mutex_lock(pool->mutex);
  __atomic_store_n(&pool->ticket, pool->ticket + 1, __ATOMIC_RELEASE);
  pthread_cond_broadcast(pool->wake);
  pthread_mutex_unlock(pool->mutex);
}

static void *workerMain(void *argument) {
  ingot_pool *pool = (ingot_pool *)argument;
  uint32_t worker = __atomic_add_fetch(&pool->taken, 1, __ATOMIC_RELAXED);
  uint32_t ticket = 0;
  for (;;) {
    ticket = waitForTicket(pool, ticket);
    if (pool->stop)
      return NULL;
    uint32_t workers = pool->workers < pool->context->workers ? pool->workers : pool->context->workers;
    if (worker < workers)
      (void)ingot_step(pool->context, worker, workers);
    __atomic_sub_fetch(&pool->left, 1, __ATOMIC_RELEASE);
  }
}

static void yieldCore(void) { (void)sched_yield(); }

static void endThreads(ingot_pool *pool, uint32_t count) {
  pool->stop = 1;
  postTicket(pool);
  for (uint32_t i = 0; i < count; ++i)
    pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(pool->wake);
  pthread_mutex_destroy(pool->mutex);
}

ingot_status ingot_pool_start(ingot_pool *pool, uint32_t workers) {
  if (!pool)
    return INGOT_BAD_ARGUMENT;
  if (workers == 0 || workers > INGOT_POOL_MAX_WORKERS)
    return INGOT_BAD_WORKERS;
  *pool = (ingot_pool){.workers = workers};
  if (pthread_mutex_init(pool->mutex, NULL) != 0)
    return INGOT_SYSTEM_ERROR;
  if (pthread_cond_init(pool->wake, NULL) != 0) {
    pthread_mutex_destroy(pool->mutex);
    return INGOT_SYSTEM_ERROR;
  }
  for (uint32_t i = 0; i + 1 < workers; ++i)
    if (pthread_create(&pool->threads[i], NULL, workerMain, pool) != 0) {
      endThreads(pool, i);
      return INGOT_SYSTEM_ERROR;
    }
  return INGOT_OK;
}

ingot_status ingot_pool_step(ingot_pool *pool, ingot_context *context) {
  if (!pool || !context)
    return INGOT_BAD_ARGUMENT;
  uint32_t workers = pool->workers < context->workers ? pool->workers : context->workers;
  if (workers < 2 || context->model->serial)
    return ingot_step(context, 0, 1);
  pool->context = context;
  context->barrier.yield = yieldCore;
  __atomic_store_n(&pool->left, pool->workers - 1, __ATOMIC_RELAXED);
  postTicket(pool);
  ingot_status status = ingot_step(context, 0, workers);
  for (uint32_t spins = 0; __atomic_load_n(&pool->left, __ATOMIC_ACQUIRE) != 0; ++spins) {
    if (spins < INGOT_SPINS)
      ingot_pause();
    else
      sched_yield();
  }
  return status;
}

void ingot_pool_stop(ingot_pool *pool) {
  if (pool)
    endThreads(pool, pool->workers - 1);
}
