// Builds variants and times two of them in turns.
#include "tools/ingot/Variant.h"

#include "tools/ingot/Command.h"
#include "tools/ingot/Verify.h"

#include <cmath>
#include <sys/resource.h>

namespace ingot {
std::unique_ptr<Variant> Variant::build(const CompileOptions &options, Choices::Wishes wishes, Diagnostics &diagnostics) {
  CompileOptions timed(options);
  timed.wishes = std::move(wishes);
  timed.timed = true;
  timed.dumpDir.clear();
  timed.stopAfter.clear();
  auto variant = std::make_unique<Variant>();
  variant->model = compileModel(timed, diagnostics);
  if (!variant->model)
    return nullptr;
  llvm::Expected<LoadedModel> loaded = loadCompiled(*variant->model);
  if (!loaded) {
    diagnostics.report("IG0311", "cannot time it here: " + llvm::toString(loaded.takeError()), {options.modelPath});
    return nullptr;
  }
  variant->loaded = std::move(*loaded);
  variant->inputs = smallInputs(variant->program());
  for (const Tensor &input : variant->inputs)
    variant->in.push_back(input.data());
  for (const ProgramIo &io : variant->program().outputs)
    variant->outputs.emplace_back(io.type, io.shape);
  for (Tensor &output : variant->outputs)
    variant->out.push_back(output.mutableData());
  return variant;
}

llvm::Error Variant::run(int64_t workers) { return loaded.program->run(0, in, out, workers); }

/// Starts a round with the time, or keeps the smaller one.
static void keepLeast(std::vector<double> &rounds, bool isNewRound, double time) {
  if (isNewRound)
    rounds.push_back(time);
  rounds.back() = std::min(rounds.back(), time);
}

void RoundTimes::add(bool isNewRound, double total, llvm::ArrayRef<double> seconds) {
  calls.resize(std::max(calls.size(), seconds.size()));
  keepLeast(whole, isNewRound, total);
  for (auto [call, time] : llvm::zip(calls, seconds))
    keepLeast(call, isNewRound, time);
}

std::vector<double> RoundTimes::ofKernelChoice(const Program &program, llvm::StringRef key) const {
  std::vector<double> sums(whole.size(), 0);
  for (auto [call, times] : llvm::zip(program.calls, calls))
    if (call.kernelChoice == key)
      for (auto [sum, time] : llvm::zip(sums, times))
        sum += time;
  return sums;
}

Verdict Verdict::of(llvm::ArrayRef<double> first, llvm::ArrayRef<double> second) {
  double rounds = double(std::min(first.size(), second.size())), won = 0, before = medianOf(first.vec());
  for (auto [a, b] : llvm::zip(first, second))
    won += b < a;
  constexpr double kDeviations = 1.29; // half of 2.58, which a normal distribution passes on one side once in 200 times
  return {before > 0 ? medianOf(second.vec()) / before : 1, rounds > 0 && won >= rounds / 2 + kDeviations * std::sqrt(rounds)};
}

CoreUse CoreUse::now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  double micros = double(usage.ru_utime.tv_usec) + double(usage.ru_stime.tv_usec);
  return {double(usage.ru_utime.tv_sec) + double(usage.ru_stime.tv_sec) + micros * 1e-6, double(usage.ru_nivcsw)};
}

llvm::Expected<Duel> Duel::fight(Variant &first, Variant &second, int64_t workers, double seconds) {
  constexpr size_t kLeast = 5, kMost = 2000, kInRow = 3; // rounds; timed runs of a round, behind one that fills the caches
  Variant *sides[] = {&first, &second};
  RoundTimes times[2];
  double start = secondsNow();
  for (size_t round = 0; round < kLeast || (round < kMost && secondsNow() - start < seconds); ++round)
    for (size_t turn = 0; turn < 2; ++turn) {
      size_t side = (round + turn) % 2; // neither is always the first
      for (size_t i = 0; i <= kInRow; ++i) {
        double before = secondsNow();
        if (llvm::Error error = sides[side]->run(workers))
          return std::move(error);
        if (i > 0)
          times[side].add(i == 1, secondsNow() - before, sides[side]->loaded.program->callSeconds());
      }
    }
  return Duel{std::move(times[0]), std::move(times[1])};
}

} // namespace ingot
