// What the subcommands share: the context they run in, exit statuses, tables and JSON output. One file a subcommand.
#ifndef INGOT_TOOLS_INGOT_COMMAND_H
#define INGOT_TOOLS_INGOT_COMMAND_H

#include "compiler/Diag.h"
#include "compiler/Options.h"

namespace ingot {

constexpr int kDone = 0, kUserFault = 1, kIngotFault = 2;

struct Context {
  const Options &options;
  Diagnostics &diagnostics;

  /// Reports and returns the status for a user's fault.
  int fail(llvm::StringRef code, std::string what, std::string file = "", std::string help = "") const;
};

/// A table printed with aligned columns: text to the left, numbers (as given in `right`) to the right.
class Table {
public:
  explicit Table(std::vector<std::string> head) : rows{std::move(head)} {}
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  void print(llvm::raw_ostream &out) const;

private:
  std::vector<std::vector<std::string>> rows;
};

/// Writes `value` to --json's FILE or stdout when asked for. Returns `status`, or kUserFault when it cannot be written.
int finish(const Context &context, llvm::json::Value value, int status);
/// True when the table itself is to be printed (stdout is not taken by --json -).
bool printsTable(const Context &context);

std::string fixed(double value, int digits);
/// 3 significant digits: "0.00123", "1.5e+09".
std::string brief(double value);
/// "12.3 KiB".
std::string bytesText(int64_t bytes);
/// "[1, 3, 224, 224]".
std::string shapeText(llvm::ArrayRef<int64_t> shape);
double secondsNow();
/// 0 of no values.
double medianOf(std::vector<double> values);
/// JSON has no NaN or infinity: null.
llvm::json::Value jsonNumber(double value);

int runBuild(const Context &context);
int runRun(const Context &context);
int runTest(const Context &context);
int runConform(const Context &context);
int runBench(const Context &context);
int runGenerate(const Context &context);
int runPerplexity(const Context &context);
int runEmbed(const Context &context);
int runTokenize(const Context &context);
int runDetokenize(const Context &context);
int runCompress(const Context &context);
int runInspect(const Context &context);
int runDiff(const Context &context);
int runExplain(const Context &context);
int runDevices(const Context &context);
int runTargets(const Context &context);
int runOps(const Context &context);
int runDoctor(const Context &context);
int runHelp(const Context &context);
int runCompletion(const Context &context);

} // namespace ingot

#endif
