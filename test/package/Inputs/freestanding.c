/* A program without a C library: its own _start, memcpy and memset; exits 0 when the model's answer is the golden's class (triangle). */
#include "model.h"

static const float picture[] = {
#include "picture.inc"
};
static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], scratch[MODEL_SCRATCH_BYTES + 1];

void *memcpy(void *to, const void *from, size_t n) {
  for (volatile unsigned char *t = to; n--;)
    *t++ = *(const unsigned char *)from, from = (const unsigned char *)from + 1;
  return to;
}
void *memset(void *to, int byte, size_t n) {
  for (volatile unsigned char *t = to; n--;)
    *t++ = (unsigned char)byte;
  return to;
}

static int classify(void) {
  float probabilities[4];
  model_context context;
  ingot_memory memory = {.container = ingot_container_model, .container_bytes = MODEL_CONTAINER_BYTES, .arena = arena, .arena_bytes = MODEL_ARENA_BYTES,
                         .scratch = scratch, .scratch_bytes = MODEL_SCRATCH_BYTES};
  if (model_bind(&context, &memory) || model_set_input_picture(&context, picture) || model_set_output_probabilities(&context, probabilities) ||
      model_run(&context))
    return 1;
  return probabilities[2] > 0.9f ? 0 : 2;
}

__attribute__((noreturn, used)) static void leave(void) {
  long status = classify();
#ifdef __x86_64__
  __asm__ volatile("syscall" ::"a"(60L), "D"(status));
#else
  register long x0 __asm__("x0") = status, x8 __asm__("x8") = 93;
  __asm__ volatile("svc 0" ::"r"(x0), "r"(x8));
#endif
  __builtin_unreachable();
}

#ifdef __x86_64__
__asm__(".globl _start\n_start: and $-16, %rsp\n call leave\n");
#else
__asm__(".globl _start\n_start: bl leave\n");
#endif
