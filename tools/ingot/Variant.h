// Two builds of one model against each other in time: compiled in memory with a clock at every call, as bench --kernels does, and run in turns, so that
// what else the machine does meets both alike.
#ifndef INGOT_TOOLS_INGOT_VARIANT_H
#define INGOT_TOOLS_INGOT_VARIANT_H

#include "compiler/Compile.h"

namespace ingot {

/// A build that is ready to run, on small made-up numbers.
class Variant {
public:
  /// Compiles with the wishes and loads. Null: it cannot be compiled or run here; `diagnostics` says why.
  static std::unique_ptr<Variant> build(const CompileOptions &options, Choices::Wishes wishes, Diagnostics &diagnostics);

  const Compiled &compiled() const { return *model; }
  const Program &program() const { return model->program(); }
  llvm::ArrayRef<Choice> asked() const { return model->choices.asked(); }

private:
  friend struct Duel;
  llvm::Error run(int64_t workers);

  std::unique_ptr<Compiled> model;
  LoadedModel loaded;
  std::vector<Tensor> inputs, outputs;
  std::vector<const void *> in;
  std::vector<void *> out;
};

/// Seconds, round by round: of the runs in a row the least, which is the one that the machine disturbed least.
struct RoundTimes {
  std::vector<double> whole;
  std::vector<std::vector<double>> calls; // [call][round], as the first worker saw them, each with what it waited before

  void add(bool isNewRound, double total, llvm::ArrayRef<double> seconds);
  /// Of all calls of the program that depend on a key.
  std::vector<double> ofKernelChoice(const Program &program, llvm::StringRef key) const;
};

/// What this process has had of the cores.
struct CoreUse {
  double seconds = 0;  // of all threads
  double switches = 0; // how often a thread had to leave its core for another process

  static CoreUse now();
};

/// What times taken in turns say about the second of two.
struct Verdict {
  double ratio = 1;    // of the medians, second to first
  bool isSure = false; // it was the faster one in more rounds than chance gives once in two hundred times

  static Verdict of(llvm::ArrayRef<double> first, llvm::ArrayRef<double> second);
  /// Faster by more than the noise.
  bool wins() const { return isSure && ratio < 0.97; }
};

/// Times of two variants that were run in turns for about `seconds`, five rounds at least.
struct Duel {
  RoundTimes first, second;

  static llvm::Expected<Duel> fight(Variant &first, Variant &second, int64_t workers, double seconds);
  Verdict whole() const { return Verdict::of(first.whole, second.whole); }
};

} // namespace ingot

#endif
