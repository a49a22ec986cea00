/* Optional part: weights larger than memory. The code of a model built with --stream-weights says, between its steps, which weights come next and which
 * are done with; two functions of the caller act on that. Those for a container that is mapped (POSIX) are in ingot/map.h. Without them
 * such a model runs like any other: the bytes of its outputs never depend on what the functions do. */
#ifndef INGOT_STREAM_H
#define INGOT_STREAM_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called by worker 0 of a step while the others run. Addresses lie in the bound container's weights; both are advice: weights that were dropped can be
 * asked for again by other contexts, and weights that are read need not have been announced. The caller owns it; any number of contexts may share it. */
typedef struct ingot_stream {
  void (*ahead)(void *user, const void *address, size_t bytes); /* read soon: begin to fetch */
  void (*drop)(void *user, const void *address, size_t bytes);  /* not read again in this run: may leave memory */
  void *user;
} ingot_stream;

/* The weights of `context`, which is bound, are streamed by `stream` from its next step on; null: no longer. Binding ends it too.
 * Not for models of a GPU target, which have no such steps. INGOT_BAD_ARGUMENT when a pointer or a function is missing. */
ingot_status ingot_stream_attach(ingot_context *context, const ingot_stream *stream);

/* Called by model code at a barrier: `ranges` [drops + aheads][2] are begin and end in the weights segment, what is done with first. */
void ingot_stream_next(const ingot_frame *frame, uint32_t worker, const uint64_t *ranges, uint32_t drops, uint32_t aheads);

#ifdef __cplusplus
}
#endif
#endif
