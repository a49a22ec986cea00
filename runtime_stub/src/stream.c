/* Optional part: passes on what model code says about the weights that it reads next and those that it is done with. */
#include "ingot/stream.h"

ingot_status ingot_stream_attach(ingot_context *context, const ingot_stream *stream) {
  if (!context || !context->model || (stream && (!stream->ahead || !stream->drop)))
    return INGOT_BAD_ARGUMENT;
  union {
    const ingot_stream *in;
    void *any;
  } pointer = {stream}; /* the slot has one type for all */
  context->device = pointer.any;
  return INGOT_OK;
}

void ingot_stream_next(const ingot_frame *frame, uint32_t worker, const uint64_t *ranges, uint32_t drops, uint32_t aheads) {
  const ingot_stream *stream = frame->device ? (const ingot_stream *)*frame->device : NULL;
  if (worker != 0 || !stream)
    return;
  for (uint32_t i = 0; i < drops + aheads; ++i, ranges += 2)
    (i < drops ? stream->drop : stream->ahead)(stream->user, frame->weights + ranges[0], (size_t)(ranges[1] - ranges[0]));
}
