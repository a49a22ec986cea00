/* Optional part: the container by mmap. */
#include "ingot/map.h"

#include "posix.h"

ingot_status ingot_map_open(const char *path, ingot_mapped *mapped) {
  if (!path || !mapped)
    return INGOT_BAD_ARGUMENT;
  int file = open(path, INGOT_O_RDONLY | INGOT_O_CLOEXEC);
  if (file < 0)
    return INGOT_SYSTEM_ERROR;
  int64_t size = lseek(file, 0, INGOT_SEEK_END);
  void *bytes = NULL;
  if (size > 0)
    bytes = mmap(NULL, (size_t)size, INGOT_PROT_READ, INGOT_MAP_PRIVATE, file, 0);
  close(file);
  if (size == 0)
    return INGOT_TRUNCATED;
  if (size < 0 || bytes == (void *)(intptr_t)-1)
    return INGOT_SYSTEM_ERROR;
  mapped->bytes = bytes;
  mapped->size = (size_t)size;
  return INGOT_OK;
}

void ingot_map_close(ingot_mapped *mapped) {
  if (!mapped || !mapped->bytes)
    return;
  union {
    const void *in;
    void *any;
  } pointer = {mapped->bytes};
  munmap(pointer.any, mapped->size);
  mapped->bytes = NULL;
  mapped->size = 0;
}
