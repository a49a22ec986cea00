// The tables of commands and options, and their parser.
#include "compiler/Options.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Process.h"

#include <algorithm>

namespace ingot {
namespace {

constexpr size_t kMany = 1u << 20;

constexpr CommandInfo kCommands[] = {
    {"build", "MODEL -o DIR", "compile a model into a static library, a header, weights and a report", 1, 1, "ingot build model.onnx -o out --dim batch=1"},
    {"run", "MODEL --input F.npz", "build in memory and run once", 1, 1, "ingot run model.onnx --input in.npz --output out.npz"},
    {"test", "MODEL --golden F.npz", "run and compare with known outputs", 1, 1, "ingot test model.onnx --golden golden.npz"},
    {"conform", "DIR...", "run ONNX backend-test folders", 0, kMany, "ingot conform onnx/backend/test/data/node/* --filter conv"},
    {"bench", "MODEL", "measure run time", 1, 1, "ingot bench model.onnx --threads 1,2"},
    {"generate", "MODEL", "generate text with a language model", 1, 1, "ingot generate model.gguf --prompt 'Once upon a time' --stats"},
    {"perplexity", "MODEL --text F", "how well a language model predicts a text", 1, 1, "ingot perplexity model-q4_0.gguf --text eval.txt --against model-f16.gguf"},
    {"embed", "MODEL --text F", "one vector a line of a text, of length 1", 1, 1, "ingot embed minilm.gguf --text sentences.txt"},
    {"tokenize", "MODEL", "print the token ids of a text", 1, 1, "ingot tokenize model.gguf --text 'Once upon a time'"},
    {"detokenize", "MODEL", "print the text of token ids", 1, 1, "ingot detokenize model.gguf --tokens 1,403,407"},
    {"compress", "MODEL -o OUT", "write a compressed model of the same format", 1, 1, "ingot compress model.onnx -o small.onnx --quantize int8 --calibrate samples.npz"},
    {"inspect", "FILE", "show what a model or a container (.ingot) holds, and what a device cannot do", 1, 1, "ingot inspect model.onnx --json -"},
    {"diff", "A B", "two builds, devices or options on one input: the first operation that parts", 2, 2, "ingot diff model.onnx reference --input in.npz"},
    {"explain", "CODE", "explain a diagnostic at length", 1, 1, "ingot explain IG0401"},
    {"devices", "", "list the devices known by name", 0, 0, "ingot devices"},
    {"targets", "[NAME]", "list targets; with NAME its features and kernels", 0, 1, "ingot targets arm"},
    {"ops", "", "list the ONNX operators that can be imported", 0, 0, "ingot ops"},
    {"doctor", "", "check what is installed and what this machine has", 0, 0, "ingot doctor"},
    {"help", "[TOPIC]", "show help on a command or a topic", 0, 1, "ingot help inputs"},
    {"completion", "SHELL", "print a completion script for bash, zsh or fish", 1, 1, "source <(ingot completion bash)"},
};

#define COMPILING " build run test conform bench compress inspect diff generate perplexity embed "
#define COMPRESSING " build run test bench compress diff "
constexpr OptionInfo kOptions[] = {
    {"output", 'o', ValueKind::Text, "PATH", "", "folder (build), NPZ file (run) or model (compress) to write", " build run compress ", "none"},
    {"input", 'i', ValueKind::Text, "F.npz", "", "inputs, keyed in|NAME or NAME", " run bench diff ", "random inputs (bench), made ones (diff)"},
    {"golden", 'g', ValueKind::Text, "F.npz", "", "inputs and known outputs, keyed in|NAME and out|NAME", " test "},
    {"rtol", 0, ValueKind::Number, "R", "", "relative tolerance", " test conform diff ", "by type: 1e-3 for f32, 1e-2 for f16"},
    {"atol", 0, ValueKind::Number, "A", "", "absolute tolerance", " test conform diff ", "by type: 1e-4 (conform 1e-5), f16 1e-2"},
    {"exact", 0, ValueKind::Flag, "", "", "ask for equal bits", " test conform diff "},
    {"list", 0, ValueKind::Text, "FILE", "", "file with one test folder a line", " conform ", "none"},
    {"filter", 0, ValueKind::Text, "RE", "", "only cases whose name matches", " conform ", "all"},
    {"repeat", 0, ValueKind::Integer, "N", "0", "runs to time; 0: as many as fit in a second", " bench "},
    {"kernels", 0, ValueKind::Flag, "", "", "also time each call: where the time goes", " bench "},
    {"pp", 0, ValueKind::Integer, "N", "512", "language models: tokens of the prompt to time", " bench "},
    {"tg", 0, ValueKind::Integer, "N", "64", "language models: tokens to generate and time", " bench "},
    {"depth", 0, ValueKind::Integer, "N", "0", "language models: tokens that are in the context before", " bench "},
    {"prompt", 'p', ValueKind::Text, "TEXT", "", "text to go on with", " generate "},
    {"tokens", 0, ValueKind::Text, "1,2,3", "", "token ids instead of a text", " generate detokenize "},
    {"text", 0, ValueKind::Text, "TEXT", "", "the text", " tokenize "},
    {"text", 0, ValueKind::Text, "F", "", "file of text; embed: of texts, one a line; -: stdin", " perplexity embed "},
    {"pooling", 0, ValueKind::Text, "KIND", "", "mean, first or last: how tokens become one vector", " run test inspect build embed ", "the model's"},
    {"file", 'f', ValueKind::Text, "F", "", "read the text, or the ids, from a file; -: stdin", " tokenize detokenize "},
    {"max-tokens", 'n', ValueKind::Integer, "N", "64", "most tokens to generate", " generate "},
    {"temp", 0, ValueKind::Number, "T", "0", "temperature; 0: always the likeliest token", " generate "},
    {"top-k", 0, ValueKind::Integer, "K", "0", "choose among the K likeliest; 0: all", " generate "},
    {"top-p", 0, ValueKind::Number, "P", "1", "choose among the likeliest that together have P", " generate "},
    {"seed", 0, ValueKind::Integer, "N", "1", "start of the random numbers", " generate "},
    {"chat", 0, ValueKind::Flag, "", "", "the prompt is a user's turn, in the model's chat format", " generate "},
    {"system", 0, ValueKind::Text, "TEXT", "", "words of the system's turn; needs --chat", " generate ", "none"},
    {"echo", 0, ValueKind::Flag, "", "", "print the prompt before what follows it", " generate "},
    {"special", 0, ValueKind::Flag, "", "", "find or print control tokens; BOS where the model asks for it", " generate tokenize detokenize "},
    {"stats", 0, ValueKind::Flag, "", "", "print speeds and memory at the end", " generate "},
    {"chunks", 0, ValueKind::Integer, "N", "0", "pieces of the text to score; 0: all", " perplexity "},
    {"against", 0, ValueKind::Text, "MODEL2", "", "compare with a reference model", " perplexity ", "none"},
    {"ctx", 0, ValueKind::Integer, "N", "512", "tokens a piece of the text", " perplexity "},
    {"ctx", 0, ValueKind::Integer, "N", "0", "language models: most tokens; 0: the model's, up to 4096", " build run test bench inspect diff generate embed "},
    {"sequences", 0, ValueKind::Integer, "N", "1", "language models: how many texts one build serves at once", " build bench generate "},
    {"kv", 0, ValueKind::Text, "f16|q8", "f16", "language models: how keys and values are kept", COMPILING},
    {"activations", 0, ValueKind::Text, "8|16", "8", "language models: bits of what meets quantised weights", COMPILING},
    {"device", 'd', ValueKind::Text, "NAME", "host", "device preset (ingot devices), or 'reference'", COMPILING},
    {"target", 0, ValueKind::Text, "T", "", "target without a preset (ingot targets)", COMPILING, "the device's"},
    {"features", 0, ValueKind::Text, "+a,-b", "", "features to add or take away", COMPILING, "the device's"},
    {"dim", 0, ValueKind::Text, "NAME=V[,V..]", "", "extent of a symbolic dimension, or several to choose from at run time", COMPILING, "none"},
    {"bind", 0, ValueKind::Text, "NAME=V1,V2", "", "value of an input that decides shapes; may be repeated", COMPILING, "none"},
    {"shapes-from", 0, ValueKind::Text, "F.npz", "", "dimensions and bound inputs from the arrays of a file", COMPILING, "the input file"},
    {"threads", 't', ValueKind::Text, "N", "2", "most workers; bench takes a list such as 1,2", COMPILING},
    {"jobs", 'j', ValueKind::Integer, "N", "0", "compile jobs, conform processes; 0: one a core", COMPILING},
    {"precision", 0, ValueKind::Text, "HOW", "exact", "exact; fast: bits vary by device; bf16, f16: operands of f32 products", COMPILING},
    {"strict", 0, ValueKind::Flag, "", "", "make warnings errors", COMPILING},
    {"quantize", 0, ValueKind::Text, "SPEC", "", "int8[:minmax|mse], matmulnbits:4,32; GGUF: q8_0, q6_k, q5_0, q4_k, q4_0", COMPRESSING, "none"},
    {"sparsify", 0, ValueKind::Text, "SPEC", "", "magnitude:SHARE or 4x1:SHARE of weights to zero", COMPRESSING, "none"},
    {"sparse", 0, ValueKind::Text, "HOW", "fastest", "form of 8-bit weights with zeros: fastest, smallest, never", " build run test bench diff "},
    {"calibrate", 0, ValueKind::Text, "F.npz|DIR", "", "samples of the inputs, for int8", COMPRESSING, "none"},
    {"stream-weights", 0, ValueKind::Text, "BYTES", "", "most weights in memory at once, such as 200M; the rest stays in the file", " build bench generate ", "all"},
    {"name", 0, ValueKind::Text, "NAME", "", "name of the library and its functions", " build ", "the model file's"},
    {"embed-weights", 0, ValueKind::Flag, "", "", "put the weights into the library", " build "},
    {"tune", 0, ValueKind::Number, "SECONDS", "", "measure here which kernels are faster, write MODEL.tune and build from it", " build ", "none"},
    {"verify", 0, ValueKind::Flag, "", "", "run and compare with the reference evaluator", " build "},
    {"report", 0, ValueKind::Text, "html,json|none", "html,json", "reports to write", " build "},
    {"stop-after", 0, ValueKind::Text, "PHASE[:STAGE]", "", "end after a phase (ingot help phases)", " build ", "none"},
    {"dump-ir", 0, ValueKind::Text, "DIR", "", "write one numbered file a step", " build run test bench generate ", "none"},
    {"print-timings", 0, ValueKind::Flag, "", "", "print seconds a phase", " build run test bench generate perplexity "},
    {"json", 0, ValueKind::Text, "FILE|-", "", "also write the table as JSON", " run test conform bench compress inspect diff generate perplexity embed tokenize detokenize devices targets ops doctor ", "none"},
    {"diagnostics", 0, ValueKind::Text, "FORM", "text", "text, json or sarif on stderr", "*"},
    {"color", 0, ValueKind::Text, "WHEN", "auto", "auto, always or never", "*"},
    {"help", 'h', ValueKind::Flag, "", "", "this text", "*"},
};
#undef COMPILING
#undef COMPRESSING

bool applies(const OptionInfo &option, const CommandInfo &command) {
  return option.commands == "*" || option.commands.contains((" " + command.name + " ").str());
}

/// Legal words of options that take one of a few.
llvm::StringRef choices(llvm::StringRef option) {
  if (option == "diagnostics")
    return "text json sarif";
  if (option == "color")
    return "auto always never";
  return option == "precision" ? "exact fast bf16 f16" : "";
}

} // namespace

/// Reads words into Options; holds what its methods share.
class OptionParser {
public:
  OptionParser(const CommandInfo &command, Diagnostics &diagnostics) : command(command), diagnostics(diagnostics) { result.command = &command; }

  Options parse(llvm::ArrayRef<llvm::StringRef> words) {
    bool onlyArguments = false;
    while (!words.empty()) {
      llvm::StringRef word = words.front();
      words = words.drop_front();
      if (onlyArguments || word == "-" || !word.starts_with("-"))
        result.arguments.push_back(word.str());
      else if (word == "--")
        onlyArguments = true;
      else
        parseOption(word, words);
    }
    if (!result.has("help"))
      checkArguments();
    return std::move(result);
  }

private:
  void error(llvm::StringRef code, std::string what, std::string help) { diagnostics.report(code, std::move(what), {}, std::move(help)); }
  std::string seeHelp() const { return "see ingot " + command.name.str() + " --help"; }

  const OptionInfo *find(llvm::StringRef word, llvm::StringRef name) {
    for (const OptionInfo &option : kOptions)
      if (applies(option, command) && (word.starts_with("--") ? option.name == name : name.size() == 1 && option.letter == name[0]))
        return &option;
    return nullptr;
  }

  void unknown(llvm::StringRef word) {
    llvm::SmallVector<llvm::StringRef> names;
    for (const OptionInfo &option : kOptions)
      if (applies(option, command))
        names.push_back(option.name);
    std::string near = closest(word.ltrim('-').split('=').first, names);
    error("IG0001", "ingot " + command.name.str() + " has no option '" + printable(word.split('=').first) + "'",
          near.empty() ? seeHelp() : "did you mean --" + near + "?");
  }

  void parseOption(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> &rest) {
    auto [name, value] = word.ltrim('-').split('=');
    bool inlined = word.contains('=');
    const OptionInfo *option = find(word, name);
    if (!option)
      return unknown(word);
    if (option->kind == ValueKind::Flag) {
      if (inlined)
        return error("IG0002", "option --" + option->name.str() + " takes no value, found '" + printable(value) + "'", seeHelp());
      result.given[option->name.str()].push_back("");
      return;
    }
    if (!inlined && rest.empty())
      return error("IG0002", "option --" + option->name.str() + " needs a value: " + option->value.str(), seeHelp());
    if (!inlined) {
      value = rest.front();
      rest = rest.drop_front();
    }
    if (check(*option, value))
      result.given[option->name.str()].push_back(value.str());
  }

  bool check(const OptionInfo &option, llvm::StringRef value) {
    int64_t integer;
    double number;
    std::string kind;
    if (option.kind == ValueKind::Integer && (value.getAsInteger(10, integer) || integer < 0))
      kind = "a whole number";
    if (option.kind == ValueKind::Number && (value.getAsDouble(number) || !(number >= 0)))
      kind = "a number of at least 0";
    llvm::SmallVector<llvm::StringRef> legal;
    choices(option.name).split(legal, ' ', -1, /*KeepEmpty=*/false);
    if (!legal.empty() && !llvm::is_contained(legal, value))
      kind = llvm::join(legal, ", ");
    if (kind.empty())
      return true;
    Diagnostic d;
    d.code = "IG0002";
    d.what = "option --" + option.name.str() + " has a bad value";
    d.expected = kind;
    d.found = "'" + printable(value) + "'";
    d.help = seeHelp();
    diagnostics.report(std::move(d));
    return false;
  }

  void checkArguments() {
    size_t count = result.arguments.size();
    if (count < command.least)
      error("IG0002", "ingot " + command.name.str() + " needs " + command.arguments.str(), "for example: " + command.example.str());
    if (count > command.most)
      error("IG0002", "ingot " + command.name.str() + " does not take '" + printable(result.arguments[command.most]) + "'", "for example: " + command.example.str());
  }

  const CommandInfo &command;
  Diagnostics &diagnostics;
  Options result;
};

llvm::ArrayRef<CommandInfo> commandTable() { return kCommands; }
llvm::ArrayRef<OptionInfo> optionTable() { return kOptions; }

const CommandInfo *findCommand(llvm::StringRef name) {
  const CommandInfo *row = llvm::find_if(kCommands, [&](const CommandInfo &c) { return c.name == name; });
  return row == std::end(kCommands) ? nullptr : row;
}

Options parseOptions(const CommandInfo &command, llvm::ArrayRef<llvm::StringRef> words, Diagnostics &diagnostics) {
  return OptionParser(command, diagnostics).parse(words);
}

Options Options::without(llvm::ArrayRef<llvm::StringRef> names) const {
  Options rest = *this;
  for (llvm::StringRef name : names)
    rest.given.erase(name.str());
  return rest;
}

std::string Options::text(llvm::StringRef name) const {
  auto at = given.find(name.str());
  if (at != given.end() && !at->second.empty())
    return at->second.back();
  const OptionInfo *row = llvm::find_if(kOptions, [&](const OptionInfo &o) { return o.name == name && (!command || applies(o, *command)); });
  return row == std::end(kOptions) ? "" : row->fallback.str();
}

int64_t Options::integer(llvm::StringRef name) const {
  int64_t value = 0;
  (void)llvm::StringRef(text(name)).getAsInteger(10, value);
  return value;
}

double Options::number(llvm::StringRef name) const {
  double value = 0;
  (void)llvm::StringRef(text(name)).getAsDouble(value);
  return value;
}

std::vector<std::string> Options::all(llvm::StringRef name) const {
  auto at = given.find(name.str());
  return at == given.end() ? std::vector<std::string>() : at->second;
}

bool wantColor(const Options &options, int descriptor) {
  std::string when = options.text("color");
  if (when != "auto")
    return when == "always";
  std::optional<std::string> refused = llvm::sys::Process::GetEnv("NO_COLOR");
  return (!refused || refused->empty()) && llvm::sys::Process::FileDescriptorHasColors(descriptor);
}

} // namespace ingot
