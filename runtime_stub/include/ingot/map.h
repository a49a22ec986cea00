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
void ingot_map_close(ingot_mapped *mapped);

#ifdef __cplusplus
}
#endif
#endif
