/* Optional part: the functions of a stream of weights (ingot/stream.h) whose container is mapped. */
#include "ingot/map.h"

#include "posix.h"

/* Advises the system on the pages that lie in the range as wholes. */
static void advisePages(const void *address, size_t bytes, int advice) {
  union {
    const void *in;
    uint8_t *any;
  } pointer = {address};
  uintptr_t page = (uintptr_t)getpagesize(), skipped = (uintptr_t)-(intptr_t)(uintptr_t)address & (page - 1);
  if (bytes >= skipped + page)
    madvise(pointer.any + skipped, (bytes - skipped) & ~(size_t)(page - 1), advice);
}

void ingot_map_ahead(void *user, const void *address, size_t bytes) {
  (void)user;
  advisePages(address, bytes, INGOT_MADV_WILLNEED);
}

void ingot_map_drop(void *user, const void *address, size_t bytes) {
  (void)user;
  advisePages(address, bytes, INGOT_MADV_DONTNEED);
}
