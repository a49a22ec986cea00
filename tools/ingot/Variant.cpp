// Builds variants and times two of them in turns.
#include "tools/ingot/Variant.h"

#include "tools/ingot/Command.h"
#include "tools/ingot/Verify.h"

namespace ingot {
namespace {

double medianOf(std::vector<double> values) {
  llvm::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// Times of one variant, round by round: the least of the runs in a row, which is the one that the machine disturbed least.
struct Samples {
  std::vector<double> totals;
  std::vector<std::vector<double>> calls; // [call][round]

  void add(bool isNewRound, double total, llvm::ArrayRef<double> seconds) {
    calls.resize(std::max(calls.size(), seconds.size()));
    keepLeast(totals, isNewRound, total);
    for (auto [call, time] : llvm::zip(calls, seconds))
      keepLeast(call, isNewRound, time);
  }
  VariantTimes medians() const {
    VariantTimes times{medianOf(totals), {}};
    for (const std::vector<double> &call : calls)
      times.calls.push_back(medianOf(call));
    return times;
  }

private:
  static void keepLeast(std::vector<double> &rounds, bool isNewRound, double time) {
    if (isNewRound)
      rounds.push_back(time);
    rounds.back() = std::min(rounds.back(), time);
  }
};

} // namespace

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

double VariantTimes::ofKernelChoice(const Program &program, llvm::StringRef key) const {
  double sum = 0;
  for (auto [call, seconds] : llvm::zip(program.calls, calls))
    sum += call.kernelChoice == key ? seconds : 0;
  return sum;
}

llvm::Expected<Duel> Duel::fight(Variant &first, Variant &second, int64_t workers, double seconds) {
  constexpr size_t kLeast = 5, kMost = 2000, kInRow = 3; // rounds; timed runs of a round, behind one that fills the caches
  Variant *sides[] = {&first, &second};
  Samples samples[2];
  double start = secondsNow();
  for (size_t round = 0; round < kLeast || (round < kMost && secondsNow() - start < seconds); ++round)
    for (size_t turn = 0; turn < 2; ++turn) {
      size_t side = (round + turn) % 2; // neither is always the first
      for (size_t i = 0; i <= kInRow; ++i) {
        double before = secondsNow();
        if (llvm::Error error = sides[side]->run(workers))
          return std::move(error);
        if (i > 0)
          samples[side].add(i == 1, secondsNow() - before, sides[side]->loaded.program->callSeconds());
      }
    }
  return Duel{samples[0].medians(), samples[1].medians()};
}

} // namespace ingot
