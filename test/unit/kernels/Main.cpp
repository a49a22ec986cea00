// kernel-test: compares the micro-kernels, compiled for this machine, with plain loops, and Halide's rows with their twins. Exit code 1
// when any value differs.
#include <cstdio>

int testFloat();
int testHalide();
int testPairs();
int testQuant();
int testSlices();
int testSparse();
int testWinograd();

int main() {
  int failures = testFloat() + testPairs() + testQuant() + testSlices() + testSparse() + testHalide() + testWinograd();
  std::printf("kernel-test: %d failures\n", failures);
  return failures != 0;
}
