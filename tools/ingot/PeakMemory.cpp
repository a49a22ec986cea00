// /proc/self where there is one, else getrusage.
#include "tools/ingot/PeakMemory.h"

#include <cstdio>
#include <malloc.h>
#include <sys/resource.h>

namespace ingot {

void resetPeakMemory() {
  malloc_trim(0);
  if (FILE *file = std::fopen("/proc/self/clear_refs", "w")) {
    std::fputs("5", file); // 5: the peak becomes what is resident now (proc(5))
    std::fclose(file);
  }
}

int64_t peakMemory() {
  long long kilobytes = 0;
  if (FILE *file = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (!kilobytes && std::fgets(line, sizeof line, file))
      std::sscanf(line, "VmHWM: %lld", &kilobytes);
    std::fclose(file);
  }
  rusage usage{};
  if (!kilobytes && getrusage(RUSAGE_SELF, &usage) == 0)
    kilobytes = usage.ru_maxrss;
  return kilobytes * 1024;
}

} // namespace ingot
