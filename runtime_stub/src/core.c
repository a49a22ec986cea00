/* The core of the runtime as one object: no part of it is of use without the others. */
#include "barrier.c"
#include "check.c"
#include "context.c"
#include "text.c"
