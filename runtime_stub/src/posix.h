/* The POSIX functions of the optional parts, declared here so that they compile for any system without its headers. Mutex,
 * condition and thread are passed by address only, in memory that is large enough for every libc of a 64-bit Linux, Android
 * or Apple system (at most 64 bytes each). Private. */
#ifndef INGOT_SRC_POSIX_H
#define INGOT_SRC_POSIX_H

#include <stddef.h>
#include <stdint.h>

int pthread_create(uintptr_t *thread, const void *attributes, void *(*start)(void *), void *argument);
int pthread_join(uintptr_t thread, void **result);
int pthread_mutex_init(void *mutex, const void *attributes);
int pthread_mutex_destroy(void *mutex);
int pthread_mutex_lock(void *mutex);
int pthread_mutex_unlock(void *mutex);
int pthread_cond_init(void *condition, const void *attributes);
int pthread_cond_destroy(void *condition);
int pthread_cond_wait(void *condition, void *mutex);
int pthread_cond_broadcast(void *condition);
int sched_yield(void);

int open(const char *path, int flags, ...);
int close(int file);
int64_t lseek(int file, int64_t offset, int whence);
void *mmap(void *address, size_t bytes, int protection, int flags, int file, int64_t offset);
int munmap(void *address, size_t bytes);
int madvise(void *address, size_t bytes, int advice);
int getpagesize(void);

#ifdef __APPLE__
#define INGOT_O_CLOEXEC 0x1000000
#else
#define INGOT_O_CLOEXEC 0x80000 /* x86-64 and AArch64 Linux */
#endif
#define INGOT_O_RDONLY 0
#define INGOT_SEEK_END 2
#define INGOT_PROT_READ 1
#define INGOT_MAP_PRIVATE 2
#define INGOT_MADV_WILLNEED 3
#define INGOT_MADV_DONTNEED 4

#endif
