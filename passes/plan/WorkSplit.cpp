// Estimates of what a second worker gains, and the choice for each call.
#include "passes/plan/WorkSplit.h"

#include "dialects/nn/Nn.h"
#include "passes/plan/SharedMemory.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ingot {
namespace {

constexpr int64_t kBarrier = 500'000;  // picoseconds; 0.2 to 1 us
constexpr int64_t kStart = 10'000'000; // to wake the other workers and wait for them: 1 us where they still spin, 15 to 45 where they sleep
constexpr int64_t kShare = 4;          // part of a program's time that a second worker must save: it takes a core, and these are estimates
constexpr int64_t kCached = 2 << 20;   // bytes of weights that stay in a large core's second cache from run to run
constexpr int64_t kLongest = int64_t(1) << 50;

/// Bytes of those inputs that such ops make.
template <typename... Ops> int64_t inputBytesOf(kernel::MicroOp call) {
  int64_t bytes = 0;
  for (Value input : call.getInputs())
    if (isa_and_present<Ops...>(kernel::throughViews(input).getDefiningOp()))
      bytes = std::min(bytes + bytesOf(input), kLongest);
  return bytes;
}

/// Products of bytes are four to a lane.
bool isOfBytes(kernel::MicroOp call) {
  return !call.getInputs().empty() && cast<RankedTensorType>(call.getInputs()[0].getType()).getElementType().isInteger(8);
}

/// What splitting a call costs, in barriers: those around it, and those between its turns.
int64_t barriersOf(kernel::MicroOp call) {
  return call.getTurns() ? std::min(call.getParams()[*call.getTurns()], kLongest / kBarrier) + 1 : 2;
}

/// What a split costs because other workers have written what the call reads, in picoseconds.
int64_t crossingOf(kernel::MicroOp call) {
  constexpr int64_t kPerByte = 25; // a part comes from another core's cache
  return std::min(inputBytesOf<kernel::MicroOp>(call), kLongest / kPerByte) * kPerByte;
}

/// Bytes of weights that a call reads: all, but no more than a product each (a gather reads rows of its table).
int64_t weightBytesOf(kernel::MicroOp call) {
  return std::min(inputBytesOf<nn::WeightOp, nn::ConstantOp>(call), std::min<int64_t>(call.getWork(), kLongest) * 4);
}

} // namespace

/// About how long one worker of a large core takes for a call, in picoseconds: products by their number or, where the weights come from memory, by those;
/// the rest by what they write.
int64_t WorkSplit::timeOf(kernel::MicroOp call) const {
  constexpr int64_t kPerWeight = 50, kPerByte = 75;
  const int64_t kPerProduct = isOfBytes(call) ? 5 : 20;
  int64_t bytes = 0, weights = readsMemory ? weightBytesOf(call) : 0;
  for (Value result : call.getResults())
    bytes = std::min(bytes + bytesOf(result), kLongest);
  return std::max({std::min<int64_t>(call.getWork(), kLongest / kPerProduct) * kPerProduct, std::min(weights, kLongest / kPerWeight) * kPerWeight,
                   std::min(bytes, kLongest / kPerByte) * kPerByte});
}

std::string WorkSplit::key(kernel::MicroOp call) const {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "split " << workers << ": " << call.getRow();
  for (int64_t param : call.getParams())
    out << ' ' << param;
  return text;
}

/// Whether a second worker saves enough of the program's time; else the first had better do everything.
bool WorkSplit::pays(ArrayRef<kernel::MicroOp> calls, int64_t barriers) const {
  int64_t saved = -kStart - barriers * kBarrier, all = 0;
  for (kernel::MicroOp call : calls) {
    all += timeOf(call);
    if (!isSerial(call))
      saved += timeOf(call) / 2 - crossingOf(call) - (call.getTurns() ? barriersOf(call) - 2 : 0) * kBarrier;
  }
  return saved > 0 && saved >= all / kShare;
}

void WorkSplit::decide(ArrayRef<kernel::MicroOp> calls, llvm::function_ref<int64_t()> countBarriers) {
  if (workers < 2)
    return;
  int64_t weights = 0;
  for (kernel::MicroOp call : calls)
    weights = std::min(weights + weightBytesOf(call), kLongest);
  readsMemory = weights > kCached;
  // Splitting a call costs the barriers around it and gains half of its time.
  for (kernel::MicroOp call : calls)
    serial[call] = timeOf(call) < barriersOf(call) * kBarrier;
  if (!pays(calls, countBarriers()))
    for (kernel::MicroOp call : calls)
      serial[call] = true;
  for (kernel::MicroOp call : choices ? calls : ArrayRef<kernel::MicroOp>())
    serial[call] = choices->choose(key(call), {kSplitAlone.str(), kSplitAll.str()}, serial[call] ? kSplitAlone : kSplitAll) == kSplitAlone;
}

} // namespace ingot
