/* What model code and the runtime of a GPU agree on: tables that the compiler writes into the model's object. The device runs
 * `steps` in order; a step is a shader on the GPU, or a kernel on the CPU where the GPU has none. C11 and C++17.
 * Memory is one block that both units see, [weights][arena][state][inputs][outputs], made when a context first runs. */
#ifndef INGOT_GPU_H
#define INGOT_GPU_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_GPU_VERSION 1u

/* What shaders need beside 32-bit numbers: bits of ingot_gpu_model.needs. */
enum { INGOT_GPU_INT8 = 1, INGOT_GPU_INT16 = 2, INGOT_GPU_INT64 = 4, INGOT_GPU_FLOAT16 = 8, INGOT_GPU_FLOAT64 = 16 };
/* Spaces of a place; the numbers of the deploy dialect. */
enum { INGOT_GPU_ARENA = 0, INGOT_GPU_WEIGHTS = 1, INGOT_GPU_STATE = 2, INGOT_GPU_INPUT = 3, INGOT_GPU_OUTPUT = 4, INGOT_GPU_SCRATCH = 5 };
/* Invocations of a workgroup, along x. */
#define INGOT_GPU_GROUP 64u

typedef struct ingot_gpu_shader {
  const void *code; /* SPIR-V words or the text of a shading language, as the runtime wants it */
  uint64_t code_bytes;
  const char *name; /* the kernel, for messages */
  uint32_t views;   /* storage buffers: bindings 0 .. views - 1 */
  uint32_t groups[2];
  uint32_t pad;
} ingot_gpu_shader;

typedef struct ingot_gpu_place {
  uint32_t space;
  uint32_t index;  /* of the input or output */
  uint64_t offset; /* multiple of 64 */
  uint64_t bytes;
} ingot_gpu_place;

typedef void (*ingot_gpu_kernel)(void *const *buffers, const int64_t *params, int64_t worker, int64_t workers);

typedef struct ingot_gpu_step {
  const ingot_gpu_place *places; /* [count]: one a binding, or one a buffer of the kernel */
  ingot_gpu_kernel kernel;       /* null: a shader */
  const int64_t *params;
  uint32_t shader;
  uint32_t count;
  uint32_t wait; /* 1: steps before it must be visible */
  uint32_t pad;
} ingot_gpu_step;

typedef struct ingot_gpu_program {
  const ingot_gpu_step *steps;
  const uint64_t *input_bytes;
  const uint64_t *output_bytes;
  uint32_t step_count;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t pad;
} ingot_gpu_program;

typedef struct ingot_gpu_model {
  const ingot_gpu_shader *shaders;
  const ingot_gpu_program *programs; /* entry points */
  uint32_t version;                  /* INGOT_GPU_VERSION of the code */
  uint32_t needs;
  uint32_t shader_count;
  uint32_t program_count;
  uint64_t weights_bytes;
  uint64_t arena_bytes;
  uint64_t state_bytes;
} ingot_gpu_model;

/* Model code's one call: runs a program to its end with the context's device, which is made on the first call. */
void ingot_gpu_run(const ingot_gpu_model *model, uint32_t program, const ingot_frame *frame);

/* For the application, with `device` = &context->device of an ingot_context. A sentence about the last run that went wrong, or null:
 * outputs are valid only then. */
const char *ingot_gpu_problem(void *const *device);
/* Gives back what the runs made. Call it before the context's memory is used for something else; harmless twice. */
void ingot_gpu_close(void **device);

#ifdef __cplusplus
}
#endif
#endif
