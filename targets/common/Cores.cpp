// Linux has affinity masks; other systems place threads by themselves.
#include "targets/common/Cores.h"

#ifdef __linux__
#include <sched.h>
#endif

namespace ingot {

#ifdef __linux__
std::vector<int> allowedCores() {
  cpu_set_t allowed;
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &allowed))
        cores.push_back(core);
  return cores;
}

int currentCore() { return sched_getcpu(); }

void keepOnCore(pthread_t thread, int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  pthread_setaffinity_np(thread, sizeof one, &one);
}
#else
std::vector<int> allowedCores() { return {}; }
int currentCore() { return -1; }
void keepOnCore(pthread_t, int) {}
#endif

} // namespace ingot
