// What `ingot build` says before and while it packs a language model: the plan, and on a terminal how far the packing has come.
#ifndef INGOT_TOOLS_INGOT_BUILDPLAN_H
#define INGOT_TOOLS_INGOT_BUILDPLAN_H

#include "compiler/Compile.h"
#include "compiler/package/Package.h"
#include "tools/ingot/Command.h"

namespace ingot {

struct GgufFile;

/// Bytes of weights that one token reads: all but a table of embeddings that has an output matrix beside it, and of experts the ones it goes to.
double bytesOfToken(const GgufFile &file);

/// Prints bytes by type, the memory that the device needs, and the most tokens a second that its memory allows. Nothing for models of other kinds.
void printPlan(const Context &context, llvm::StringRef model, const Compiled &compiled);

/// One line on standard error, renewed some times a second: tensor n of m, GB/s, time left. Nothing where that is no terminal.
class PackingLine {
public:
  PackingLine();
  ~PackingLine(); // takes the line away
  void show(const PackingProgress &progress);

private:
  bool isTerminal, shown = false;
  double start, last = 0; // seconds
};

} // namespace ingot

#endif
