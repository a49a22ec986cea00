// Runs the tests of the portable kernels and prints the measured errors of the elementary functions. Argument: the folder of GGUF test
// vectors, when there is one.
#include "test/unit/portable/Portable.h"

int failures = 0;
void testMath();
void testReduce();
void testNormalize();
void testIndex();
void testSmallFloat();
void testConvTranspose();
void testResize();
void testRoi();
void testRnn();
void testBlock(const char *vectors);
void testSequence();
void testSequences();
void testCausalConv();
void testSelectiveScan();
void testGatedDelta();

int main(int argc, char **argv) {
  testMath();
  testReduce();
  testNormalize();
  testIndex();
  testSmallFloat();
  testConvTranspose();
  testResize();
  testRoi();
  testRnn();
  testBlock(argc > 1 ? argv[1] : nullptr);
  testSequence();
  testSequences();
  testCausalConv();
  testSelectiveScan();
  testGatedDelta();
  std::printf(failures ? "%d failures\n" : "portable kernels: all passed\n", failures);
  return failures != 0;
}
