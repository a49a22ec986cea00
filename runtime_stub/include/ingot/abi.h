/* What compiled model code and the runtime agree on, byte for byte. C11 and C++17, needs <stdint.h> and <stddef.h> alone.
 * Every struct: fixed-width members, explicit padding, size checked below; the comment says who writes it. */
#ifndef INGOT_ABI_H
#define INGOT_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_ABI_VERSION 1u

/* Memory of the barrier between workers; zeroed by ingot_bind, then written by ingot_barrier_wait, but for `yield`: the caller's hook, which gives
 * the core to another thread (ingot_pool sets it). A worker that has waited long calls it again and again; without it, it spins, which is very slow
 * where there are more threads than cores. */
typedef struct ingot_barrier {
  uint32_t arrived;
  uint32_t generation;
  void (*yield)(void);
  uint8_t pad[56 - sizeof(void (*)(void))];
} ingot_barrier;

/* Where one run finds its memory. Filled by the runtime from what the caller bound; read by model code. */
typedef struct ingot_frame {
  const uint8_t *weights; /* weights segment of the container, 16 KiB aligned */
  uint8_t *arena;         /* arena_bytes, 64-byte aligned */
  uint8_t *state;         /* state_bytes, kept from run to run; null when there is none */
  uint8_t *scratch;       /* scratch_bytes for each worker, 64-byte aligned */
  void *const *inputs;    /* the caller's buffers, in header order */
  void *const *outputs;
  ingot_barrier *barrier;
  void **device; /* the slot of a device runtime (gpu.h); empty at first, written by that runtime alone */
} ingot_frame;

/* Model code's one entry point: runs all steps as worker `worker` of `workers` (1 <= workers <= the model's max_workers).
 * Every worker calls it with the same frame. Exported as ingot_run_<name>. */
typedef void (*ingot_run_fn)(const ingot_frame *frame, uint32_t worker, uint32_t workers);

/* Spins until `workers` workers have called it. Called by model code. */
void ingot_barrier_wait(ingot_barrier *barrier, uint32_t workers);

#ifdef __cplusplus
}
#endif
#endif
