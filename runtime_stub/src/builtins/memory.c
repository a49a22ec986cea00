/* LLVM's name here for a copy of at least 32 bytes, a multiple of 8. */
void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes);
BUILTIN void *NAME(memcpy_likely_aligned_min32bytes_mult8bytes)(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes);
BUILTIN void *NAME(memcpy_likely_aligned_min32bytes_mult8bytes)(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes) {
  return memcpy(to, from, bytes);
}
