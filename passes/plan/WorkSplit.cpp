// Estimates of what a second worker gains, and the choice for each call.
#include "passes/plan/WorkSplit.h"

#include "passes/plan/SharedMemory.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kBarrier = 500'000; // picoseconds; 0.2 to 1 us
constexpr int64_t kStart = 2'000'000; // to wake the other workers and wait for them

/// About how long one worker of a large core takes for a call, in picoseconds: products by their number, the rest by what they write.
int64_t timeOf(kernel::MicroOp call) {
  constexpr int64_t kPerProduct = 20, kPerByte = 75, kLongest = int64_t(1) << 50;
  int64_t bytes = 0;
  for (Value result : call.getResults())
    bytes += bytesOf(result);
  return std::max(std::min<int64_t>(call.getWork(), kLongest / kPerProduct) * kPerProduct, std::min(bytes, kLongest / kPerByte) * kPerByte);
}

} // namespace

std::string WorkSplit::key(kernel::MicroOp call) const {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "split " << workers << ": " << call.getRow();
  for (int64_t param : call.getParams())
    out << ' ' << param;
  return text;
}

/// What a second worker saves in all, less what it costs: negative where the first had better do everything.
int64_t WorkSplit::gain(ArrayRef<kernel::MicroOp> calls, int64_t barriers) const {
  int64_t gain = -kStart;
  for (kernel::MicroOp call : calls)
    if (!isSerial(call))
      gain += timeOf(call) / 2;
  return gain - barriers * kBarrier;
}

void WorkSplit::decide(ArrayRef<kernel::MicroOp> calls, llvm::function_ref<int64_t()> countBarriers) {
  if (workers < 2)
    return;
  // Splitting a call costs the barriers around it and gains half of its time.
  for (kernel::MicroOp call : calls)
    serial[call] = timeOf(call) < 2 * kBarrier;
  if (gain(calls, countBarriers()) < 0)
    for (kernel::MicroOp call : calls)
      serial[call] = true;
  for (kernel::MicroOp call : choices ? calls : ArrayRef<kernel::MicroOp>())
    serial[call] = choices->choose(key(call), {kSplitAlone.str(), kSplitAll.str()}, serial[call] ? kSplitAlone : kSplitAll) == kSplitAlone;
}

} // namespace ingot
