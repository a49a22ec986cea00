/* The barrier between workers: the last to arrive opens the next generation, the others spin on it. Arrivals of the next use
 * cannot mix with this one, because `arrived` is reset before the generation changes. */
#include "ingot/abi.h"

#include "spin.h"

void ingot_barrier_wait(ingot_barrier *barrier, uint32_t workers) {
  if (workers < 2)
    return;
  uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == workers) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_RELEASE);
    return;
  }
  for (uint32_t spins = 0; __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) == generation; ++spins) {
    if (spins < INGOT_SPINS || !barrier->yield)
      ingot_pause();
    else
      barrier->yield();
  }
}
