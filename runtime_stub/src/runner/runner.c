/* The test runner: a freestanding Linux program that runs one model once, for emulators and for machines without a libc.
 * include/ingot/runner.h says how it is linked and what it reads and writes. All memory comes from mmap. */
#include "ingot/runner.h"
#include "ingot/runtime.h"

#include "system.h"

extern void ingot_runner_entry(const ingot_frame *frame, uint32_t worker, uint32_t workers);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *out = (uint8_t *)to;
  const uint8_t *in = (const uint8_t *)from;
  for (size_t i = 0; i < bytes; ++i)
    out[i] = in[i];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = (uint8_t *)to;
  for (size_t i = 0; i < bytes; ++i)
    out[i] = (uint8_t)value;
  return to;
}

/* The request, its parts found and checked to lie inside the file. */
typedef struct Request {
  const ingot_runner_request *head;
  const uint64_t *sizes; /* [input_count + output_count] bytes */
  char path[4096];
  void **io; /* inputs point into the request, outputs to fresh memory */
} Request;

static uint64_t roundUp(uint64_t bytes) { return (bytes + INGOT_RUNNER_PART_ALIGNMENT - 1) & ~(uint64_t)(INGOT_RUNNER_PART_ALIGNMENT - 1); }

/* The next part of `bytes` bytes; moves `at`. */
static uint8_t *takePart(uint8_t *file, uint64_t fileBytes, uint64_t *at, uint64_t bytes) {
  uint64_t begin = roundUp(*at);
  if (begin > fileBytes || bytes > fileBytes - begin)
    fail("the request ends early", "");
  *at = begin + bytes;
  return file + begin;
}

static void readRequest(const char *path, Request *request) {
  uint64_t bytes = 0, at = 0;
  uint8_t *file = mapFile(path, &bytes);
  const ingot_runner_request *head = (const ingot_runner_request *)takePart(file, bytes, &at, sizeof *head);
  if (head->magic != INGOT_RUNNER_REQUEST_MAGIC || head->repeat == 0 || head->path_bytes >= sizeof request->path)
    fail("not a request: ", path);
  uint64_t count = (uint64_t)head->input_count + head->output_count;
  request->head = head;
  request->sizes = (const uint64_t *)takePart(file, bytes, &at, count * sizeof(uint64_t));
  memcpy(request->path, takePart(file, bytes, &at, head->path_bytes), head->path_bytes);
  request->path[head->path_bytes] = 0;
  request->io = (void **)allocate(count * sizeof(void *));
  for (uint32_t i = 0; i < head->input_count; ++i)
    request->io[i] = takePart(file, bytes, &at, request->sizes[i]);
  for (uint64_t i = head->input_count; i < count; ++i)
    request->io[i] = allocate(request->sizes[i] != 0 ? request->sizes[i] : 1);
}

static void writeResponse(const char *path, const Request *request, ingot_status status, uint64_t bestNs) {
  static const uint8_t zeros[INGOT_RUNNER_PART_ALIGNMENT];
  const ingot_runner_request *head = request->head;
  long file = systemCall(SYS_OPENAT, AT_FDCWD, (long)(intptr_t)path, O_WRONLY_CREATE_TRUNCATE, 0644, 0, 0);
  if (file < 0)
    fail("cannot create ", path);
  ingot_runner_response response;
  memset(&response, 0, sizeof response);
  response.magic = INGOT_RUNNER_RESPONSE_MAGIC;
  response.status = status;
  response.output_count = status == INGOT_OK ? head->output_count : 0;
  response.best_ns = bestNs;
  writeAll(file, &response, sizeof response);
  for (uint32_t i = 0; i < response.output_count; ++i) {
    uint64_t bytes = request->sizes[head->input_count + i];
    writeAll(file, request->io[head->input_count + i], bytes);
    writeAll(file, zeros, roundUp(bytes) - bytes);
  }
  systemCall(SYS_CLOSE, file, 0, 0, 0, 0, 0);
}

/* As an application does it: the container is checked and bound, every buffer set by the runtime. */
static ingot_status bindContainer(const Request *request, ingot_context *context, ingot_model *model, void **io) {
  const ingot_runner_request *head = request->head;
  uint64_t bytes = 0;
  ingot_memory memory;
  memset(&memory, 0, sizeof memory);
  memory.container = mapFile(request->path, &bytes);
  memory.container_bytes = bytes;
  memory.arena = allocate(memory.arena_bytes = head->arena_bytes);
  memory.state = allocate(memory.state_bytes = head->state_bytes);
  memory.scratch = allocate(memory.scratch_bytes = head->scratch_bytes);
  model->run = ingot_runner_entry;
  model->input_bytes = request->sizes;
  model->output_bytes = request->sizes + head->input_count;
  model->input_count = head->input_count;
  model->output_count = head->output_count;
  model->abi_version = INGOT_ABI_VERSION;
  model->max_workers = head->max_workers;
  model->arena_bytes = head->arena_bytes;
  model->state_bytes = head->state_bytes;
  model->scratch_bytes = head->scratch_bytes;
  model->weights_bytes = head->weights_bytes;
  memcpy(model->abi_hash, head->abi_hash, sizeof model->abi_hash);
  ingot_status status = ingot_bind(context, io, model, &memory);
  for (uint32_t i = 0; i < head->input_count && status == INGOT_OK; ++i)
    status = ingot_set_input(context, i, request->io[i], request->sizes[i]);
  for (uint32_t i = 0; i < head->output_count && status == INGOT_OK; ++i)
    status = ingot_set_output(context, i, request->io[head->input_count + i], request->sizes[head->input_count + i]);
  return status;
}

/* Without a container: the frame alone. */
static void bindRaw(const Request *request, ingot_context *context) {
  const ingot_runner_request *head = request->head;
  uint64_t bytes = 0;
  if (head->weights_kind == INGOT_RUNNER_RAW_WEIGHTS)
    context->frame.weights = mapFile(request->path, &bytes);
  if (bytes < head->weights_bytes)
    fail("fewer weights than the request says: ", request->path);
  context->frame.arena = (uint8_t *)allocate(head->arena_bytes);
  context->frame.state = (uint8_t *)allocate(head->state_bytes);
  context->frame.scratch = (uint8_t *)allocate(head->scratch_bytes);
  context->frame.inputs = request->io;
  context->frame.outputs = request->io + head->input_count;
  context->frame.barrier = &context->barrier;
}

static ingot_status runOnce(const ingot_runner_request *head, ingot_context *context) {
  if (head->state_bytes != 0)
    memset(context->frame.state, 0, head->state_bytes);
  if (head->weights_kind == INGOT_RUNNER_CONTAINER)
    return ingot_step(context, 0, 1);
  ingot_runner_entry(&context->frame, 0, 1);
  return INGOT_OK;
}

static ingot_status runAll(const Request *request, uint64_t *bestNs) {
  static ingot_context context;
  static ingot_model model;
  const ingot_runner_request *head = request->head;
  if (head->weights_kind == INGOT_RUNNER_CONTAINER) {
    void **io = (void **)allocate(((uint64_t)head->input_count + head->output_count) * sizeof(void *));
    ingot_status status = bindContainer(request, &context, &model, io);
    if (status != INGOT_OK)
      return status;
  } else {
    bindRaw(request, &context);
  }
  *bestNs = UINT64_MAX;
  for (uint32_t i = 0; i < head->repeat; ++i) {
    uint64_t begin = nanoseconds();
    ingot_status status = runOnce(head, &context);
    uint64_t took = nanoseconds() - begin;
    if (status != INGOT_OK)
      return status;
    *bestNs = took < *bestNs ? took : *bestNs;
  }
  return INGOT_OK;
}

__attribute__((used, noreturn)) void runnerMain(const uintptr_t *stack) {
  static Request request;
  if (stack[0] != 3)
    fail("usage: program REQUEST RESPONSE", "");
  readRequest((const char *)stack[2], &request);
  uint64_t bestNs = 0;
  ingot_status status = runAll(&request, &bestNs);
  writeResponse((const char *)stack[3], &request, status, bestNs);
  if (status != INGOT_OK) {
    say("runner: ");
    say(ingot_status_text(status));
    say("\n");
  }
  exitWith(status == INGOT_OK ? 0 : 1);
  __builtin_unreachable();
}
