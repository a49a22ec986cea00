/* What compilers call where an instruction set has no such instruction: integer division, f64 division and fused multiply-add, square
 * roots, rounding, half precision. IEEE 754, round to nearest even, so that results are those of other machines. One object; every
 * function is weak, so that a tool chain's own library goes first, and hidden. */
#include <stdint.h>

#define BUILTIN __attribute__((weak, visibility("hidden")))
/* The names that LLVM gives to calls on this machine. */
#if defined(__hexagon__)
#define NAME(name) __hexagon_##name
#else
#error "no names for this architecture"
#endif

#include "integer.c"
#include "double.c"
#include "half.c"
#include "memory.c"
#include "round.c"
