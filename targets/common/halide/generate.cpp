// The program that runs the generators, when Ingot is built.
#include "targets/common/halide/buffer.h"

#include "Halide.h"

#include <cstddef>

static_assert(sizeof(ik_hl_buffer) == sizeof(halide_buffer_t) && sizeof(ik_hl_dim) == sizeof(halide_dimension_t), "buffer.h differs from Halide's");
static_assert(offsetof(ik_hl_buffer, host) == offsetof(halide_buffer_t, host) && offsetof(ik_hl_buffer, code) == offsetof(halide_buffer_t, type) &&
                  offsetof(ik_hl_buffer, dimensions) == offsetof(halide_buffer_t, dimensions) &&
                  offsetof(ik_hl_buffer, dim) == offsetof(halide_buffer_t, dim),
              "buffer.h differs from Halide's");
static_assert(offsetof(ik_hl_dim, stride) == offsetof(halide_dimension_t, stride), "buffer.h differs from Halide's");

int main(int argc, char **argv) { return Halide::Internal::generate_filter_main(argc, argv); }
