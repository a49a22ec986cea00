/* Contexts: binding the caller's memory, its inputs and outputs, running, and saving the state. */
#include "ingot/runtime.h"

#include "libc.h"

/* Memory that the model needs: present, aligned and large enough. */
static ingot_status checkMemory(const void *memory, size_t bytes, uint64_t needed) {
  if (needed == 0)
    return INGOT_OK;
  if (!memory)
    return INGOT_BAD_ARGUMENT;
  if ((uintptr_t)memory % INGOT_MEMORY_ALIGNMENT != 0)
    return INGOT_MISALIGNED;
  return bytes < needed ? INGOT_TOO_SMALL : INGOT_OK;
}

/* How many workers `bytes` of scratch serve: none of them may share. */
static uint32_t workersFor(const ingot_model *model, size_t bytes) {
  if (model->scratch_bytes == 0)
    return model->max_workers;
  uint64_t workers = bytes / model->scratch_bytes;
  return workers < model->max_workers ? (uint32_t)workers : model->max_workers;
}

ingot_status ingot_bind(ingot_context *context, void **io, const ingot_model *model, const ingot_memory *memory) {
  if (!context || !model || !memory || !model->run || (!io && model->input_count + model->output_count != 0))
    return INGOT_BAD_ARGUMENT;
  ingot_container found;
  ingot_status status = ingot_check(model, memory->container, memory->container_bytes, &found);
  if (status == INGOT_OK)
    status = checkMemory(memory->container, memory->container_bytes, 1);
  if (status == INGOT_OK)
    status = checkMemory(memory->arena, memory->arena_bytes, model->arena_bytes);
  if (status == INGOT_OK)
    status = checkMemory(memory->state, memory->state_bytes, model->state_bytes);
  if (status == INGOT_OK)
    status = checkMemory(memory->scratch, memory->scratch_bytes, model->scratch_bytes);
  if (status != INGOT_OK)
    return status;
  memset(context, 0, sizeof *context);
  size_t count = (size_t)model->input_count + model->output_count;
  if (count != 0)
    memset(io, 0, count * sizeof *io);
  if (model->state_bytes != 0 && !(memory->flags & INGOT_KEEP_STATE))
    memset(memory->state, 0, (size_t)model->state_bytes);
  context->model = model;
  context->io = io;
  context->workers = workersFor(model, memory->scratch_bytes);
  context->frame.weights = found.weights;
  context->frame.arena = (uint8_t *)memory->arena;
  context->frame.state = model->state_bytes != 0 ? (uint8_t *)memory->state : NULL;
  context->frame.scratch = (uint8_t *)memory->scratch;
  context->frame.inputs = io;
  context->frame.outputs = io ? io + model->input_count : NULL;
  context->frame.barrier = &context->barrier;
  context->frame.device = &context->device;
  return INGOT_OK;
}

/* The model compiled for the extents; null when there is none. */
static const ingot_model *modelFor(const ingot_shape *shapes, uint32_t shapeCount, const int64_t *extents, uint32_t dimCount) {
  for (uint32_t i = 0; i < shapeCount; ++i) {
    uint32_t equal = 0;
    while (equal < dimCount && shapes[i].extents[equal] == extents[equal])
      ++equal;
    if (equal == dimCount)
      return shapes[i].model;
  }
  return NULL;
}

ingot_status ingot_set_shape(ingot_context *context, const ingot_shape *shapes, uint32_t shape_count, const int64_t *extents, uint32_t dim_count) {
  if (!context || !context->model || !shapes || !extents)
    return INGOT_BAD_ARGUMENT;
  const ingot_model *model = modelFor(shapes, shape_count, extents, dim_count);
  if (!model)
    return INGOT_BAD_SHAPE;
  size_t count = (size_t)model->input_count + model->output_count;
  if (count != 0)
    memset(context->io, 0, count * sizeof *context->io);
  context->model = model;
  return INGOT_OK;
}

static ingot_status setBuffer(void **slot, const uint64_t *needed, uint32_t index, uint32_t count, void *buffer, size_t bytes) {
  if (index >= count)
    return INGOT_BAD_INDEX;
  if (!buffer)
    return INGOT_BAD_ARGUMENT;
  if (bytes < needed[index])
    return INGOT_TOO_SMALL;
  slot[index] = buffer;
  return INGOT_OK;
}

ingot_status ingot_set_input(ingot_context *context, uint32_t index, const void *buffer, size_t bytes) {
  if (!context || !context->model)
    return INGOT_BAD_ARGUMENT;
  union {
    const void *in;
    void *any;
  } pointer = {buffer}; /* model code never writes to inputs; the frame has one pointer type for both */
  const ingot_model *model = context->model;
  return setBuffer(context->io, model->input_bytes, index, model->input_count, pointer.any, bytes);
}

ingot_status ingot_set_output(ingot_context *context, uint32_t index, void *buffer, size_t bytes) {
  if (!context || !context->model)
    return INGOT_BAD_ARGUMENT;
  const ingot_model *model = context->model;
  return setBuffer(context->io + model->input_count, model->output_bytes, index, model->output_count, buffer, bytes);
}

/* 1 when every bound input holds the value that the code was made for. */
static int boundInputsHold(const ingot_context *context) {
  for (uint32_t i = 0; i < context->model->bound_count; ++i) {
    const ingot_bound *bound = &context->model->bound[i];
    const uint8_t *given = (const uint8_t *)context->io[bound->input];
    for (uint64_t k = 0; k < bound->bytes; ++k)
      if (given[k] != bound->value[k])
        return 0;
  }
  return 1;
}

ingot_status ingot_step(ingot_context *context, uint32_t worker, uint32_t workers) {
  if (!context || !context->model)
    return INGOT_BAD_ARGUMENT;
  if (worker >= workers || workers > context->workers)
    return INGOT_BAD_WORKERS;
  size_t count = (size_t)context->model->input_count + context->model->output_count;
  for (size_t i = 0; i < count; ++i)
    if (!context->io[i])
      return INGOT_NOT_BOUND;
  if (!boundInputsHold(context))
    return INGOT_WRONG_VALUE;
  context->model->run(&context->frame, worker, workers);
  ingot_barrier_wait(&context->barrier, workers);
  return INGOT_OK;
}

/* Saved state: abi_hash[32], u64 state_bytes in the machine's order, zeros up to INGOT_STATE_HEADER_BYTES, the state. */
static void makeStateHeader(const ingot_model *model, uint8_t *header) {
  memset(header, 0, INGOT_STATE_HEADER_BYTES);
  memcpy(header, model->abi_hash, INGOT_HASH_BYTES);
  memcpy(header + INGOT_HASH_BYTES, &model->state_bytes, sizeof model->state_bytes);
}

static ingot_status checkSaved(const ingot_context *context, const void *saved, size_t bytes) {
  if (!context || !context->model || !saved)
    return INGOT_BAD_ARGUMENT;
  if (bytes < INGOT_STATE_HEADER_BYTES || bytes - INGOT_STATE_HEADER_BYTES < context->model->state_bytes)
    return INGOT_TOO_SMALL;
  return INGOT_OK;
}

ingot_status ingot_state_save(const ingot_context *context, void *out, size_t bytes) {
  ingot_status status = checkSaved(context, out, bytes);
  if (status != INGOT_OK)
    return status;
  makeStateHeader(context->model, (uint8_t *)out);
  if (context->model->state_bytes != 0)
    memcpy((uint8_t *)out + INGOT_STATE_HEADER_BYTES, context->frame.state, (size_t)context->model->state_bytes);
  return INGOT_OK;
}

ingot_status ingot_state_restore(ingot_context *context, const void *saved, size_t bytes) {
  ingot_status status = checkSaved(context, saved, bytes);
  if (status != INGOT_OK)
    return status;
  uint8_t header[INGOT_STATE_HEADER_BYTES];
  makeStateHeader(context->model, header);
  for (size_t i = 0; i < sizeof header; ++i)
    if (header[i] != ((const uint8_t *)saved)[i])
      return INGOT_ABI_MISMATCH;
  if (context->model->state_bytes != 0)
    memcpy(context->frame.state, (const uint8_t *)saved + INGOT_STATE_HEADER_BYTES, (size_t)context->model->state_bytes);
  return INGOT_OK;
}
