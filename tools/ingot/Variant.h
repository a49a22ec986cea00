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

/// Median seconds over rounds, of the fastest run of a round.
struct VariantTimes {
  double total = 0;
  std::vector<double> calls; // of the first worker, each with what it waited before

  /// Seconds of all calls of the program that depend on a key.
  double ofKernelChoice(const Program &program, llvm::StringRef key) const;
};

/// Times of two variants that were run in turns for about `seconds`, five rounds at least.
struct Duel {
  VariantTimes first, second;
  double ratio() const { return second.total / first.total; }

  static llvm::Expected<Duel> fight(Variant &first, Variant &second, int64_t workers, double seconds);
};

} // namespace ingot

#endif
