// The most memory that this process has had resident.
#ifndef INGOT_TOOLS_INGOT_PEAKMEMORY_H
#define INGOT_TOOLS_INGOT_PEAKMEMORY_H

#include <cstdint>

namespace ingot {

/// Begins to measure anew where the system can (Linux), with free memory given back first.
void resetPeakMemory();
/// Bytes since the process began, or since the last reset.
int64_t peakMemory();

} // namespace ingot

#endif
