// What this machine can do at most at the moment: what `bench` sets its figures against.
#ifndef INGOT_TOOLS_INGOT_MACHINELIMITS_H
#define INGOT_TOOLS_INGOT_MACHINELIMITS_H

#include <cstdint>

namespace ingot {

struct MachineLimits {
  double gops = 0; // f32 operations in registers, 1e9 a second; a multiply-add is two
  double gbs = 0;  // bytes read from memory, 1e9 a second

  /// Percent of the limits.
  double opsShare(double gopsReached) const { return gops > 0 ? gopsReached / gops * 100 : 0; }
  double readShare(double gbsReached) const { return gbs > 0 ? gbsReached / gbs * 100 : 0; }
};

/// Limits for so many threads, each on a core of its own where there are enough. Takes some half a second and, for that time, up to 512 MiB.
MachineLimits measureLimits(int64_t threads);

} // namespace ingot

#endif
