// The command line: finds the subcommand, parses its options from the table, runs it, prints diagnostics, returns 0, 1 or 2.
#include "tools/ingot/Command.h"

#include "llvm/Support/FormatVariadic.h"

#include <unistd.h>

using namespace ingot;

namespace {

using CommandFn = int (*)(const Context &);

constexpr std::pair<llvm::StringLiteral, CommandFn> kFunctions[] = {
    {"build", runBuild}, {"run", runRun}, {"test", runTest}, {"conform", runConform}, {"bench", runBench}, {"compress", runCompress}, {"inspect", runInspect},
    {"diff", runDiff},
    {"generate", runGenerate}, {"perplexity", runPerplexity}, {"embed", runEmbed}, {"tokenize", runTokenize}, {"detokenize", runDetokenize},
    {"explain", runExplain}, {"devices", runDevices}, {"targets", runTargets}, {"ops", runOps}, {"doctor", runDoctor}, {"help", runHelp},
    {"completion", runCompletion},
};

/// Codes that mean a fault of Ingot, not of its user.
bool isIngotFault(llvm::StringRef code) { return code == "IG0199" || code == "IG0290" || code == "IG0310" || code == "IG0407"; }

void printDiagnostics(const Options &options, const Diagnostics &diagnostics) {
  std::string form = options.text("diagnostics");
  if (form == "json")
    llvm::errs() << llvm::formatv("{0:2}\n", diagnostics.toJson());
  else if (form == "sarif")
    llvm::errs() << llvm::formatv("{0:2}\n", diagnostics.toSarif());
  else
    diagnostics.printText(llvm::errs(), wantColor(options, STDERR_FILENO));
}

int statusOf(const Options &options, const Diagnostics &diagnostics, int status) {
  for (const Diagnostic &d : diagnostics.all())
    if (d.severity == Severity::Error || (d.severity == Severity::Warning && options.has("strict")))
      status = std::max(status, isIngotFault(d.code) ? kIngotFault : kUserFault);
  return status;
}

int unknownCommand(llvm::StringRef word, Diagnostics &diagnostics) {
  llvm::SmallVector<llvm::StringRef> names;
  for (const CommandInfo &command : commandTable())
    names.push_back(command.name);
  std::string near = closest(word, names);
  diagnostics.report("IG0001", "there is no command '" + printable(word) + "'", {},
                     near.empty() ? "ingot help lists the commands" : "did you mean ingot " + near + "?");
  return kUserFault;
}

int dispatch(const Options &options, Diagnostics &diagnostics) {
  if (options.has("help")) {
    llvm::outs() << commandHelp(*options.command);
    return kDone;
  }
  if (diagnostics.hasErrors())
    return kUserFault;
  for (const auto &[name, function] : kFunctions)
    if (name == options.command->name)
      return function(Context{options, diagnostics});
  return kIngotFault;
}

} // namespace

int main(int argc, char **argv) {
  llvm::SmallVector<llvm::StringRef> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    (words.empty() ? llvm::errs() : llvm::outs()) << overviewHelp();
    return words.empty() ? kUserFault : kDone;
  }
  if (words[0] == "--version") {
    llvm::outs() << "ingot " INGOT_VERSION "\n";
    return kDone;
  }
  Diagnostics diagnostics;
  Options options;
  int status = kUserFault;
  if (const CommandInfo *command = findCommand(words[0])) {
    options = parseOptions(*command, llvm::ArrayRef(words).drop_front(), diagnostics);
    status = dispatch(options, diagnostics);
  } else {
    status = unknownCommand(words[0], diagnostics);
  }
  llvm::outs().flush();
  if (!diagnostics.all().empty() || options.text("diagnostics") != "text")
    printDiagnostics(options, diagnostics);
  return statusOf(options, diagnostics, status);
}
