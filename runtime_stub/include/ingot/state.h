/* Optional part: saves and restores what a language model remembers of its first positions, and no more of the state than that. `<name>.h` wraps it. */
#ifndef INGOT_STATE_H
#define INGOT_STATE_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A cache of the state: slices, one after the other, of `rows` rows. Row p % rows of every slice is position p's. */
typedef struct ingot_cache {
  uint64_t offset; /* in the state */
  uint64_t row_bytes;
  uint32_t slices;
  uint32_t rows;
} ingot_cache;

/* Bytes that `positions` positions take, with a header of INGOT_STATE_HEADER_BYTES. */
uint64_t ingot_cache_bytes(const ingot_cache *caches, uint32_t count, uint32_t positions);

/* Writes the first `positions` positions, all that a sequence has or fewer (a ring that has turned has lost its first ones: then all; so of a
 * build whose header defines REWIND), behind a header that names the build. INGOT_TOO_SMALL: `bytes` is less than ingot_cache_bytes. */
ingot_status ingot_cache_save(const ingot_context *context, const ingot_cache *caches, uint32_t count, uint32_t positions, void *out, size_t bytes);

/* Puts them back, into any state of the same build, and says how many there are: the next token's position. INGOT_ABI_MISMATCH: of another build.
 * INGOT_DAMAGED: more than `most`, which the context has. INGOT_TOO_SMALL: `bytes` is less than what was saved. The state is then as it was. */
ingot_status ingot_cache_restore(ingot_context *context, const ingot_cache *caches, uint32_t count, uint32_t most, const void *saved, size_t bytes,
                                 uint32_t *positions);

#ifdef __cplusplus
}
#endif
#endif
