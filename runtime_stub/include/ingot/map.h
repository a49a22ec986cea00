/* Optional part: maps a container file read-only (POSIX), so that weights are used in place and shared between processes. */
#ifndef INGOT_MAP_H
#define INGOT_MAP_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ingot_mapped {
  const void *bytes;
  size_t size;
} ingot_mapped;

/* INGOT_SYSTEM_ERROR when the file cannot be opened or mapped, INGOT_TRUNCATED when it is empty. */
ingot_status ingot_map_open(const char *path, ingot_mapped *mapped);
/* A container inside of another file, an uncompressed asset of an Android package for one: `bytes` bytes at `offset`, a multiple of 16 KiB, of an open
 * file, which may be closed afterwards. INGOT_MISALIGNED for another offset. */
ingot_status ingot_map_part(int file, uint64_t offset, uint64_t bytes, ingot_mapped *mapped);
void ingot_map_close(ingot_mapped *mapped);

/* The functions of an ingot_stream (ingot/stream.h) whose container is mapped: whole pages of it are read ahead into the system's cache, or leave the
 * process's memory, from where the system may take them for other things. `user` is not used. Pages that are dropped are read from the file again. */
void ingot_map_ahead(void *user, const void *address, size_t bytes);
void ingot_map_drop(void *user, const void *address, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
