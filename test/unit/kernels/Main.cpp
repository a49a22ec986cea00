// kernel-test: compares the micro-kernels, compiled for this machine, with plain loops. Exit code 1 when any value differs.
#include <cstdio>

int testFloat();
int testQuant();

int main() {
  int failures = testFloat() + testQuant();
  std::printf("kernel-test: %d failures\n", failures);
  return failures != 0;
}
