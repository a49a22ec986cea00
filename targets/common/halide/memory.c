/* What generated code asks of a runtime: memory, which it takes from the worker's scratch. */
#include "targets/common/halide/halide.h"

#if defined(INGOT_HALIDE)
void *halide_malloc(ik_hl_memory *memory, size_t bytes) {
  char *piece = (char *)(((uintptr_t)memory->base + memory->used + 63) & ~(uintptr_t)63);
  memory->used = (size_t)(piece - memory->base) + bytes;
  ++memory->pieces;
  return piece;
}

void halide_free(ik_hl_memory *memory, void *piece) {
  (void)piece;
  if (--memory->pieces == 0)
    memory->used = 0;
}
#endif
