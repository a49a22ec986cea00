/* Optional part: the container by mmap. */
#include "ingot/container.h"
#include "ingot/map.h"

#include "posix.h"

ingot_status ingot_map_part(int file, uint64_t offset, uint64_t bytes, ingot_mapped *mapped) {
  if (!mapped)
    return INGOT_BAD_ARGUMENT;
  if (offset % INGOT_SEGMENT_ALIGNMENT != 0 || offset > INT64_MAX || bytes > SIZE_MAX)
    return INGOT_MISALIGNED;
  if (bytes == 0)
    return INGOT_TRUNCATED;
  void *memory = mmap(NULL, (size_t)bytes, INGOT_PROT_READ, INGOT_MAP_PRIVATE, file, (int64_t)offset);
  if (memory == (void *)(intptr_t)-1)
    return INGOT_SYSTEM_ERROR;
  mapped->bytes = memory;
  mapped->size = (size_t)bytes;
  return INGOT_OK;
}

ingot_status ingot_map_open(const char *path, ingot_mapped *mapped) {
  if (!path || !mapped)
    return INGOT_BAD_ARGUMENT;
  int file = open(path, INGOT_O_RDONLY | INGOT_O_CLOEXEC);
  if (file < 0)
    return INGOT_SYSTEM_ERROR;
  int64_t size = lseek(file, 0, INGOT_SEEK_END);
  ingot_status status = size < 0 ? INGOT_SYSTEM_ERROR : ingot_map_part(file, 0, (uint64_t)size, mapped);
  close(file);
  return status;
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
