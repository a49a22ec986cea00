// The command line as data: one table of commands and one of options feed parsing, --help, `ingot help` and shell completion.
// Nothing else in Ingot reads options or the environment.
#ifndef INGOT_COMPILER_OPTIONS_H
#define INGOT_COMPILER_OPTIONS_H

#include "compiler/Diag.h"

#include <map>

namespace ingot {

enum class ValueKind { Flag, Text, Integer, Number };

struct CommandInfo {
  llvm::StringRef name;
  llvm::StringRef arguments; // "MODEL", "DIR..."
  llvm::StringRef summary;   // one line
  size_t least, most;        // how many arguments
  llvm::StringRef example;
};

struct OptionInfo {
  llvm::StringRef name;     // without "--"
  char letter;              // 'o' for -o; 0: none
  ValueKind kind;
  llvm::StringRef value;    // "NAME=V" as shown in help; "" for flags
  llvm::StringRef fallback; // the default, parsed like a given value; "" for none
  llvm::StringRef help;
  llvm::StringRef commands; // " build run " or "*" for all
  llvm::StringRef shown = ""; // the default as help shows it, when `fallback` is empty
};

llvm::ArrayRef<CommandInfo> commandTable();
llvm::ArrayRef<OptionInfo> optionTable();
const CommandInfo *findCommand(llvm::StringRef name);

/// What was typed after the command.
class Options {
public:
  bool has(llvm::StringRef name) const { return given.count(name.str()) != 0; }
  /// The value given last, or the default.
  std::string text(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name) const;
  double number(llvm::StringRef name) const;
  /// All values of an option that may be repeated.
  std::vector<std::string> all(llvm::StringRef name) const;

  /// The same without what was typed of some options.
  Options without(llvm::ArrayRef<llvm::StringRef> names) const;

  const CommandInfo *command = nullptr;
  std::vector<std::string> arguments;

private:
  friend class OptionParser;
  std::map<std::string, std::vector<std::string>> given;
};

/// Parses the words after a command. Errors (IG0001, IG0002) are reported with the closest name; the result is what could be read.
Options parseOptions(const CommandInfo &command, llvm::ArrayRef<llvm::StringRef> words, Diagnostics &diagnostics);

/// `ingot help`, at most 40 lines.
std::string overviewHelp();
/// `ingot COMMAND --help`, at most 40 lines, with defaults.
std::string commandHelp(const CommandInfo &command);
/// Topics beside commands ("inputs", "tolerances", "devices"...): text, or "" for an unknown one.
std::string topicHelp(llvm::StringRef topic);
std::vector<llvm::StringRef> helpTopics();
/// A completion script for "bash", "zsh" or "fish"; "" for another shell.
std::string completionScript(llvm::StringRef shell);

/// True when text on the stream with this file descriptor is to be coloured: --color, then NO_COLOR, then whether it is a terminal.
bool wantColor(const Options &options, int descriptor);

} // namespace ingot

#endif
