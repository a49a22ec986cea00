// The cores that this process may use, and threads that stay on one of them. Nothing happens on systems that do not say or allow it.
#ifndef INGOT_TARGETS_COMMON_CORES_H
#define INGOT_TARGETS_COMMON_CORES_H

#include <vector>

#include <pthread.h>

namespace ingot {

/// Numbers of the cores, ascending; empty where the system does not say.
std::vector<int> allowedCores();
/// The core that the caller runs on now; -1 where the system does not say.
int currentCore();
/// Leaves a thread on a core.
void keepOnCore(pthread_t thread, int core);

} // namespace ingot

#endif
