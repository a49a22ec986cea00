/* The test runner: a freestanding Linux program that runs a model's entry points, for emulators and for machines without a libc.
 * include/ingot/runner.h says how it is linked and what it reads and writes. All memory comes from mmap. */
#include "ingot/runner.h"
#include "ingot/runtime.h"

#include "system.h"

#define ENTRY(n) extern void ingot_runner_entry_##n(const ingot_frame *frame, uint32_t worker, uint32_t workers) __attribute__((weak));
ENTRY(0) ENTRY(1) ENTRY(2) ENTRY(3) ENTRY(4) ENTRY(5) ENTRY(6) ENTRY(7)
#undef ENTRY

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

/* One entry point, ready to run: its buffers belong to it, all else is shared. */
typedef struct Entry {
  uint32_t counts[2]; /* of inputs and outputs */
  uint64_t *sizes;    /* [inputs + outputs] bytes */
  void **buffers;     /* [inputs + outputs] */
  void **io;          /* where a bound context keeps them */
  ingot_model model;
  ingot_context context;
} Entry;

static ingot_runner_setup setup;
static char weightsPath[4096];
static Entry entries[INGOT_RUNNER_MAX_ENTRIES];

static ingot_run_fn functionOf(uint32_t entry) {
  const ingot_run_fn functions[INGOT_RUNNER_MAX_ENTRIES] = {ingot_runner_entry_0, ingot_runner_entry_1, ingot_runner_entry_2, ingot_runner_entry_3,
                                                            ingot_runner_entry_4, ingot_runner_entry_5, ingot_runner_entry_6, ingot_runner_entry_7};
  return functions[entry];
}

static void readEntry(Entry *entry) {
  if (!readAll(STDIN, entry->counts, sizeof entry->counts))
    fail("a request ends early", "");
  uint64_t count = (uint64_t)entry->counts[0] + entry->counts[1];
  entry->sizes = (uint64_t *)allocate(count * sizeof(uint64_t));
  entry->buffers = (void **)allocate(count * sizeof(void *));
  entry->io = (void **)allocate(count * sizeof(void *));
  if (count != 0 && !readAll(STDIN, entry->sizes, count * sizeof(uint64_t)))
    fail("a request ends early", "");
  for (uint64_t i = 0; i < count; ++i)
    entry->buffers[i] = allocate(entry->sizes[i] != 0 ? entry->sizes[i] : 1);
}

static void readSetup(void) {
  if (!readAll(STDIN, &setup, sizeof setup) || setup.magic != INGOT_RUNNER_SETUP_MAGIC || setup.entry_count == 0 ||
      setup.entry_count > INGOT_RUNNER_MAX_ENTRIES || setup.path_bytes >= sizeof weightsPath)
    fail("not a setup", "");
  if (setup.path_bytes != 0 && !readAll(STDIN, weightsPath, setup.path_bytes))
    fail("a request ends early", "");
  for (uint32_t i = 0; i < setup.entry_count; ++i) {
    if (!functionOf(i))
      fail("the program was linked with fewer entries", "");
    readEntry(&entries[i]);
  }
}

static void describe(Entry *entry, uint32_t index) {
  ingot_model *model = &entry->model;
  model->run = functionOf(index);
  model->input_bytes = entry->sizes;
  model->output_bytes = entry->sizes + entry->counts[0];
  model->input_count = entry->counts[0];
  model->output_count = entry->counts[1];
  model->abi_version = INGOT_ABI_VERSION;
  model->max_workers = setup.max_workers;
  model->arena_bytes = setup.arena_bytes;
  model->state_bytes = setup.state_bytes;
  model->scratch_bytes = setup.scratch_bytes;
  model->weights_bytes = setup.weights_bytes;
  memcpy(model->abi_hash, setup.abi_hash, sizeof model->abi_hash);
}

/* As an application does it: the container is checked and bound, every buffer set by the runtime. */
static ingot_status bindEntry(Entry *entry, const ingot_memory *memory) {
  ingot_status status = ingot_bind(&entry->context, entry->io, &entry->model, memory);
  for (uint32_t i = 0; i < entry->counts[0] && status == INGOT_OK; ++i)
    status = ingot_set_input(&entry->context, i, entry->buffers[i], (size_t)entry->sizes[i]);
  for (uint32_t i = 0; i < entry->counts[1] && status == INGOT_OK; ++i)
    status = ingot_set_output(&entry->context, i, entry->buffers[entry->counts[0] + i], (size_t)entry->sizes[entry->counts[0] + i]);
  return status;
}

/* Without a container: the context as ingot_bind would leave it. */
static void bindRaw(Entry *entry, const ingot_memory *memory) {
  ingot_context *context = &entry->context;
  context->model = &entry->model;
  context->io = entry->buffers;
  context->workers = setup.max_workers;
  context->frame.weights = (const uint8_t *)memory->container;
  context->frame.arena = (uint8_t *)memory->arena;
  context->frame.state = (uint8_t *)memory->state;
  context->frame.scratch = (uint8_t *)memory->scratch;
  context->frame.inputs = entry->buffers;
  context->frame.outputs = entry->buffers + entry->counts[0];
  context->frame.barrier = &context->barrier;
}

static ingot_status bindAll(void) {
  uint64_t bytes = 0;
  ingot_memory memory;
  memset(&memory, 0, sizeof memory);
  if (setup.weights_kind != INGOT_RUNNER_NO_WEIGHTS)
    memory.container = mapFile(weightsPath, &bytes);
  memory.container_bytes = (size_t)bytes;
  if (setup.weights_kind != INGOT_RUNNER_CONTAINER && bytes < setup.weights_bytes)
    fail("fewer weights than the setup says: ", weightsPath);
  memory.arena = allocate(setup.arena_bytes);
  memory.arena_bytes = (size_t)setup.arena_bytes;
  memory.state = allocate(setup.state_bytes);
  memory.state_bytes = (size_t)setup.state_bytes;
  memory.scratch = allocate(setup.scratch_bytes * setup.max_workers);
  memory.scratch_bytes = (size_t)(setup.scratch_bytes * setup.max_workers);
  ingot_status status = INGOT_OK;
  for (uint32_t i = 0; i < setup.entry_count && status == INGOT_OK; ++i) {
    describe(&entries[i], i);
    if (setup.weights_kind == INGOT_RUNNER_CONTAINER)
      status = bindEntry(&entries[i], &memory);
    else
      bindRaw(&entries[i], &memory);
    memory.flags = INGOT_KEEP_STATE;
  }
  return status;
}

/* ---- threads: worker w > 0 waits for the next ticket; every thread answers each ticket, whether it has work or not ---- */

static struct {
  ingot_context *context;
  uint32_t workers, ticket, answered, started;
} team;

static void serve(uintptr_t worker) {
  for (uint32_t seen = 0;; ++seen) {
    while (__atomic_load_n(&team.ticket, __ATOMIC_ACQUIRE) == seen)
      systemCall(SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0);
    if (worker < team.workers)
      ingot_step(team.context, (uint32_t)worker, team.workers);
    __atomic_add_fetch(&team.answered, 1, __ATOMIC_ACQ_REL);
  }
}

static ingot_status runOnTeam(ingot_context *context, uint32_t workers) {
  const uint64_t stackBytes = 1u << 20;
  const uint32_t most = setup.max_workers < INGOT_RUNNER_MAX_WORKERS ? setup.max_workers : INGOT_RUNNER_MAX_WORKERS;
  if (workers == 0 || workers > most || workers > context->workers)
    return INGOT_BAD_WORKERS;
  if (workers == 1)
    return ingot_step(context, 0, 1);
  team.context = context;
  team.workers = workers;
  __atomic_store_n(&team.answered, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&team.ticket, team.ticket + 1, __ATOMIC_RELEASE);
  while (team.started + 1 < most) { /* at the first ticket, which they all see */
    uint8_t *stack = (uint8_t *)allocate(stackBytes);
    if (startThread(stack + stackBytes, serve, team.started + 1) < 0)
      fail("no thread could be started", "");
    ++team.started;
  }
  ingot_status status = ingot_step(context, 0, workers);
  while (__atomic_load_n(&team.answered, __ATOMIC_ACQUIRE) != team.started)
    systemCall(SYS_SCHED_YIELD, 0, 0, 0, 0, 0, 0);
  return status;
}

/* ---- the conversation ---- */

static void respond(ingot_status status, const Entry *entry, uint64_t took) {
  ingot_runner_response response;
  memset(&response, 0, sizeof response);
  response.magic = INGOT_RUNNER_RESPONSE_MAGIC;
  response.status = status;
  response.output_count = status == INGOT_OK && entry ? entry->counts[1] : 0;
  response.nanoseconds = took;
  writeAll(STDOUT, &response, sizeof response);
  for (uint32_t i = 0; i < response.output_count; ++i)
    writeAll(STDOUT, entry->buffers[entry->counts[0] + i], entry->sizes[entry->counts[0] + i]);
}

static void answer(const ingot_runner_request *request) {
  if (request->magic != INGOT_RUNNER_REQUEST_MAGIC || request->kind > INGOT_RUNNER_RESET_STATE || request->entry >= setup.entry_count)
    fail("not a request", "");
  Entry *entry = &entries[request->entry];
  if (request->kind == INGOT_RUNNER_RESET_STATE) {
    if (setup.state_bytes != 0)
      memset(entry->context.frame.state, 0, (size_t)setup.state_bytes);
    respond(INGOT_OK, NULL, 0);
    return;
  }
  for (uint32_t i = 0; i < entry->counts[0]; ++i)
    if (entry->sizes[i] != 0 && !readAll(STDIN, entry->buffers[i], entry->sizes[i]))
      fail("a request ends early", "");
  uint64_t begin = nanoseconds();
  ingot_status status = runOnTeam(&entry->context, request->workers);
  respond(status, entry, nanoseconds() - begin);
}

__attribute__((used, noreturn)) void runnerMain(const uintptr_t *stack) {
  (void)stack;
  readSetup();
  ingot_status status = bindAll();
  respond(status, NULL, 0);
  if (status != INGOT_OK) {
    say("runner: ");
    say(ingot_status_text(status));
    say("\n");
    exitWith(1);
  }
  for (ingot_runner_request request; readAll(STDIN, &request, sizeof request);)
    answer(&request);
  exitWith(0);
  __builtin_unreachable();
}
