/* Optional part: saved positions. Saved: abi_hash[32], u32 positions in the machine's order, zeros up to INGOT_STATE_HEADER_BYTES, then of each cache
 * and slice the rows in use. */
#include "ingot/state.h"

#include "libc.h"

static uint64_t usedRows(const ingot_cache *cache, uint32_t positions) { return positions < cache->rows ? positions : cache->rows; }

uint64_t ingot_cache_bytes(const ingot_cache *caches, uint32_t count, uint32_t positions) {
  uint64_t bytes = INGOT_STATE_HEADER_BYTES;
  for (uint32_t i = 0; caches && i < count; ++i)
    bytes += caches[i].slices * usedRows(&caches[i], positions) * caches[i].row_bytes;
  return bytes;
}

ingot_status ingot_cache_save(const ingot_context *context, const ingot_cache *caches, uint32_t count, uint32_t positions, void *out, size_t bytes) {
  if (!context || !context->model || !caches || !out)
    return INGOT_BAD_ARGUMENT;
  if (bytes < ingot_cache_bytes(caches, count, positions))
    return INGOT_TOO_SMALL;
  uint8_t *to = (uint8_t *)out;
  memset(to, 0, INGOT_STATE_HEADER_BYTES);
  memcpy(to, context->model->abi_hash, INGOT_HASH_BYTES);
  memcpy(to + INGOT_HASH_BYTES, &positions, sizeof positions);
  to += INGOT_STATE_HEADER_BYTES;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t sliceBytes = caches[i].rows * caches[i].row_bytes, used = usedRows(&caches[i], positions) * caches[i].row_bytes;
    for (uint32_t slice = 0; slice < caches[i].slices; ++slice, to += used)
      memcpy(to, context->frame.state + caches[i].offset + slice * sliceBytes, (size_t)used);
  }
  return INGOT_OK;
}

ingot_status ingot_cache_restore(ingot_context *context, const ingot_cache *caches, uint32_t count, uint32_t most, const void *saved, size_t bytes,
                                 uint32_t *positions) {
  if (!context || !context->model || !caches || !saved || !positions)
    return INGOT_BAD_ARGUMENT;
  const uint8_t *from = (const uint8_t *)saved;
  if (bytes < INGOT_STATE_HEADER_BYTES)
    return INGOT_TOO_SMALL;
  for (size_t i = 0; i < INGOT_HASH_BYTES; ++i)
    if (from[i] != context->model->abi_hash[i])
      return INGOT_ABI_MISMATCH;
  uint32_t held;
  memcpy(&held, from + INGOT_HASH_BYTES, sizeof held);
  if (held > most)
    return INGOT_DAMAGED;
  if (bytes < ingot_cache_bytes(caches, count, held))
    return INGOT_TOO_SMALL;
  from += INGOT_STATE_HEADER_BYTES;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t sliceBytes = caches[i].rows * caches[i].row_bytes, used = usedRows(&caches[i], held) * caches[i].row_bytes;
    for (uint32_t slice = 0; slice < caches[i].slices; ++slice, from += used)
      memcpy(context->frame.state + caches[i].offset + slice * sliceBytes, from, (size_t)used);
  }
  *positions = held;
  return INGOT_OK;
}
