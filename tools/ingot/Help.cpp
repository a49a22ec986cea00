// ingot help, explain, completion: texts from the tables of options and diagnostics.
#include "tools/ingot/Command.h"

namespace ingot {

int runHelp(const Context &context) {
  if (context.options.arguments.empty()) {
    llvm::outs() << overviewHelp();
    return kDone;
  }
  const std::string &topic = context.options.arguments[0];
  if (const CommandInfo *command = findCommand(topic)) {
    llvm::outs() << commandHelp(*command);
    return kDone;
  }
  std::string text = topicHelp(topic);
  llvm::outs() << text;
  if (!text.empty())
    return kDone;
  std::vector<llvm::StringRef> names = helpTopics();
  for (const CommandInfo &command : commandTable())
    names.push_back(command.name);
  std::string near = closest(topic, names);
  return context.fail("IG0001", "there is no help on '" + printable(topic) + "'", "", near.empty() ? "ingot help lists the topics" : "did you mean ingot help " + near + "?");
}

int runExplain(const Context &context) {
  const std::string &code = context.options.arguments[0];
  if (const DiagInfo *row = findDiag(code)) {
    llvm::StringRef kind = row->severity == Severity::Error ? "error" : row->severity == Severity::Warning ? "warning" : "note";
    llvm::outs() << kind << '[' << row->code << "]: " << row->title << "\n\n" << row->explanation << '\n';
    return kDone;
  }
  llvm::SmallVector<llvm::StringRef> codes;
  for (const DiagInfo &row : diagTable())
    codes.push_back(row.code);
  std::string near = closest(code, codes);
  return context.fail("IG0001", "there is no diagnostic '" + printable(code) + "'", "", near.empty() ? "codes look like IG0401" : "did you mean " + near + "?");
}

int runCompletion(const Context &context) {
  std::string script = completionScript(context.options.arguments[0]);
  llvm::outs() << script;
  if (!script.empty())
    return kDone;
  return context.fail("IG0002", "there is no completion for '" + printable(context.options.arguments[0]) + "'", "", "bash, zsh and fish are known");
}

} // namespace ingot
