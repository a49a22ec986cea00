/* The two functions that the runtime asks of its surroundings (compilers assume both in freestanding code too). Private. */
#ifndef INGOT_SRC_LIBC_H
#define INGOT_SRC_LIBC_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
