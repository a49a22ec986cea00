/* The static runtime: checks a container, binds memory that the caller gives, runs the model. C11 and C++17, freestanding.
 * No function allocates, opens files, starts threads or keeps global state; all are re-entrant. Every function that can fail
 * returns an ingot_status and leaves its outputs untouched on failure. Most users call the typed wrappers in <name>.h. */
#ifndef INGOT_RUNTIME_H
#define INGOT_RUNTIME_H

#include "ingot/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the container, the arena and the scratch memory must begin. The state needs it too. */
#define INGOT_MEMORY_ALIGNMENT 64u
#define INGOT_HASH_BYTES 32u
/* What ingot_state_save writes before the state's own bytes. */
#define INGOT_STATE_HEADER_BYTES 64u

typedef int32_t ingot_status;
enum {
  INGOT_OK = 0,
  INGOT_BAD_ARGUMENT = 1,     /* a null pointer where memory is needed */
  INGOT_NOT_A_CONTAINER = 2,  /* magic bytes differ */
  INGOT_BAD_VERSION = 3,      /* container or model code of another format version */
  INGOT_TRUNCATED = 4,        /* fewer bytes than the boot table says */
  INGOT_DAMAGED = 5,          /* the boot table contradicts itself */
  INGOT_ABI_MISMATCH = 6,     /* container and code come from different builds */
  INGOT_MISALIGNED = 7,       /* memory not on an INGOT_MEMORY_ALIGNMENT boundary */
  INGOT_TOO_SMALL = 8,        /* memory smaller than the model's constant says */
  INGOT_BAD_INDEX = 9,        /* no such input or output */
  INGOT_BAD_WORKERS = 10,     /* worker >= workers, or more workers than scratch was bound for */
  INGOT_NOT_BOUND = 11,       /* an input or output has no buffer */
  INGOT_SYSTEM_ERROR = 12,    /* optional parts only: a file or a thread could not be had */
  INGOT_WRONG_VALUE = 13,     /* a bound input holds another value than the model was compiled for */
  INGOT_BAD_SHAPE = 14        /* the model was not compiled for these extents */
};

/* An input whose value the compiler took: running the model with another one fails with INGOT_WRONG_VALUE. */
typedef struct ingot_bound {
  const uint8_t *value;
  uint64_t bytes;
  uint32_t input;
  uint32_t pad;
} ingot_bound;

/* What the compiler knows about one model; <name>.h defines it as a constant. */
typedef struct ingot_model {
  ingot_run_fn run;
  const uint64_t *input_bytes;  /* [input_count], header order */
  const uint64_t *output_bytes; /* [output_count] */
  uint32_t input_count;
  uint32_t output_count;
  uint32_t abi_version; /* INGOT_ABI_VERSION of the code */
  uint32_t max_workers;
  uint64_t arena_bytes;
  uint64_t state_bytes;
  uint64_t scratch_bytes; /* for each worker */
  uint64_t weights_bytes;
  uint8_t abi_hash[32]; /* equal to the container's */
  const ingot_bound *bound; /* [bound_count] */
  uint32_t bound_count;
  uint32_t serial; /* 1: the first worker does everything, more have nothing to do */
} ingot_model;

/* One shape that a model was compiled for: the extents of its dimensions, and the code for them. The models of one table differ in code, in what
 * their inputs and outputs measure and in the values of bound inputs alone. */
typedef struct ingot_shape {
  const int64_t *extents;
  const ingot_model *model;
} ingot_shape;

/* What ingot_check found. */
typedef struct ingot_container {
  const uint8_t *weights;
  uint64_t weights_bytes;
  uint8_t abi_hash[32];
} ingot_container;

/* ingot_memory.flags: the state is kept as it is, instead of zeroed: another context of the same container has bound it, or the memory is zero already. */
#define INGOT_KEEP_STATE 1u

/* The memory of one context: the caller's, for as long as the context is used. Pointers may be null where the size is 0.
 * A container with several entry points has one ingot_model each: one context an entry, all with the same container and the same state, all but the
 * first bound with INGOT_KEEP_STATE. They may share arena and scratch too, because only one of them may run at a time. */
typedef struct ingot_memory {
  const void *container; /* mapped or loaded file, or the embedded bytes */
  size_t container_bytes;
  void *arena;
  size_t arena_bytes;
  void *state;
  size_t state_bytes;
  void *scratch; /* scratch_bytes of the model x workers */
  size_t scratch_bytes;
  uint32_t flags; /* 0 or INGOT_KEEP_STATE */
  uint32_t pad;
} ingot_memory;

/* One running instance. Written by the functions below alone; memory is the caller's. */
typedef struct ingot_context {
  ingot_frame frame;
  const ingot_model *model;
  void **io;        /* [input_count + output_count]: buffers, inputs first */
  uint32_t workers; /* most workers that the bound scratch allows */
  uint32_t pad;
  void *device; /* of a device runtime (gpu.h) */
  ingot_barrier barrier;
} ingot_context;

/* Validates the boot table of `bytes` bytes at `container` and, when `model` is given, compares format version, weights size
 * and ABI hash. `found` (may be null) is filled as soon as the table is sound, also on INGOT_ABI_MISMATCH, so that both
 * hashes can be shown. Segment contents are not hashed here. */
ingot_status ingot_check(const ingot_model *model, const void *container, size_t bytes, ingot_container *found);

/* Makes `context` ready: checks the container and every size and alignment, zeroes the state unless told to keep it. `io` has room for
 * input_count + output_count pointers and lives as long as the context. */
ingot_status ingot_bind(ingot_context *context, void **io, const ingot_model *model, const ingot_memory *memory);

/* Chooses, for a context that is bound to one of the models of `shapes`, the one of `extents` (dim_count of them). Its inputs and outputs must then be
 * set anew; the state is kept. INGOT_BAD_SHAPE, and nothing changes, when no model was compiled for these extents. Not while a step runs. */
ingot_status ingot_set_shape(ingot_context *context, const ingot_shape *shapes, uint32_t shape_count, const int64_t *extents, uint32_t dim_count);

/* The buffer that input or output `index` is read from or written to by the following steps; at least `bytes` as in the model. */
ingot_status ingot_set_input(ingot_context *context, uint32_t index, const void *buffer, size_t bytes);
ingot_status ingot_set_output(ingot_context *context, uint32_t index, void *buffer, size_t bytes);

/* Runs all steps of the model as worker `worker` of `workers`. Each of the workers calls it, on a thread of its own, with the
 * same context; it returns when all of them are done. One thread: ingot_step(context, 0, 1). Bound inputs are
 * compared first: when one holds another value, every worker returns INGOT_WRONG_VALUE and nothing runs. */
ingot_status ingot_step(ingot_context *context, uint32_t worker, uint32_t workers);

/* Copies the state (key/value rings and the like) out and in, behind a header that names the build. `bytes` >=
 * INGOT_STATE_HEADER_BYTES + state_bytes. Restoring checks the header. */
ingot_status ingot_state_save(const ingot_context *context, void *out, size_t bytes);
ingot_status ingot_state_restore(ingot_context *context, const void *saved, size_t bytes);

/* A sentence for a status; never null. */
const char *ingot_status_text(ingot_status status);

/* 64 lower-case hexadecimal digits and a NUL. */
void ingot_hash_text(const uint8_t hash[32], char text[65]);

#ifdef __cplusplus
}
#endif
#endif
