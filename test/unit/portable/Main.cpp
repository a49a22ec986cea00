// Runs the tests of the portable kernels and prints the measured errors of the elementary functions.
#include "test/unit/portable/Portable.h"

int failures = 0;
void testMath();
void testReduce();

int main() {
  testMath();
  testReduce();
  std::printf(failures ? "%d failures\n" : "portable kernels: all passed\n", failures);
  return failures != 0;
}
