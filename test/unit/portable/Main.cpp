// Runs the tests of the portable kernels and prints the measured errors of the elementary functions.
#include "test/unit/portable/Portable.h"

int failures = 0;
void testMath();
void testReduce();
void testIndex();
void testSmallFloat();
void testConvTranspose();
void testResize();
void testRnn();

int main() {
  testMath();
  testReduce();
  testIndex();
  testSmallFloat();
  testConvTranspose();
  testResize();
  testRnn();
  std::printf(failures ? "%d failures\n" : "portable kernels: all passed\n", failures);
  return failures != 0;
}
