// Help texts and shell completion, written from the tables of Options.cpp.
#include "compiler/Options.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace ingot {
namespace {

struct Topic {
  llvm::StringRef name, summary, text;
};

constexpr Topic kTopics[] = {
    {"inputs", "files of inputs and golden outputs",
     "Arrays come in NumPy's .npz files. ONNX inputs are keyed 'in|NAME', outputs 'out|NAME'; plain NAME is accepted.\n\n"
     "  numpy.savez('in.npz', **{'in|image': image})\n  ingot run model.onnx --input in.npz --output out.npz\n\n"
     "A golden file holds both. Element types must match the model's; a symbolic dimension takes the array's extent.\n\n"
     "Language models: 'tokens' (integers [n]) in, 'logits' (float32 [n, vocabulary]) out: row i follows tokens 0 to i.\n"
     "A golden file may hold one token more than rows of logits.\n"},
    {"tolerances", "how test and conform compare",
     "An element is right when |got - want| <= atol + rtol |want|; NaN equals NaN, infinities equal.\n\n"
     "  f32, f64         rtol 1e-3   atol 1e-4 (test), 1e-5 (conform)\n  f16, bf16, f8    rtol 1e-2   atol 1e-2\n"
     "  integers, bool   exact\n  float outputs of models that compute in integers: atol 2e-2 of the output's range\n\n"
     "Logits of language models: root mean square error in units of the golden logits' standard deviation, at most 1e-3 for\n"
     "float weights and 5e-2 for weights in blocks, and the same top token wherever the golden's two best lie further apart\n"
     "than four times that.\n\n"
     "--rtol and --atol override; --exact asks for equal bits.\n"},
    {"dims", "symbolic dimensions and bound inputs",
     "Code is made for fixed shapes. A dimension that is a name gets its value from\n\n"
     "  --dim batch=1            typed\n  --shapes-from in.npz     the arrays of a file\n\n"
     "run, test and bench take it from their input file by themselves.\n\n"
     "Several extents make one package with code for each (all combinations, at most 4096), the weights stored once:\n\n"
     "  --dim seq=1,16,128       listed\n  --dim width=32..320:32   every 32nd from 32 to 320\n"
     "  --dim width=32..320      those between 32 and 320 that the model has a shape with; of more\n"
     "                           than 1024 shapes in all the multiples of a step\n\n"
     "A dimension may follow from others: one that the model names \"past + 1\" does by itself, another by a sum or product of\n"
     "dimensions. --dim past=0..127 --dim seq=1 with it makes 128 shapes, not 128 times 128:\n\n"
     "  --dim total=past+seq     + - * / // ( ), integers and names\n\n"
     "NAME_set_shape() of the header chooses one at run time and refuses all others with INGOT_BAD_SHAPE.\n\n"
     "An input whose values decide shapes (axes, repeats, sizes) is bound to one value in the same way:\n\n"
     "  --bind axes=0,2          typed\n  --shapes-from in.npz     the arrays of a file\n\n"
     "The program keeps the input, compares it with that value when it runs, and refuses any other.\n"},
    {"tuning", "faster on this machine: --tune and its lock file",
     "  ingot build model.onnx -o out --tune 20\n\n"
     "measures for about 20 seconds which ways of computing a convolution, which tiles and which splits among workers are faster\n"
     "here than the rules', writes those that won twice by more than 3 % to model.onnx.tune, and builds from that file. So does\n"
     "every later command that compiles the model for --device host: the same file, the same bytes. Give --threads and --dim as\n"
     "for the build; further shapes are added to the file when they are tuned.\n\n"
     "The file is text: report.json lists under 'choices' what it may decide, under 'tuning' what it did. It holds for one content\n"
     "of the model, one machine and one version of Ingot; elsewhere it is ignored with a warning (IG0231), which --strict refuses.\n\n"
     "Results keep their bits. With --precision fast convolutions of 3x3 may also change to or from Winograd's form, whose\n"
     "results differ within rounding.\n"},
    {"phases", "what --stop-after and --dump-ir name",
     "A model flows through: import, compress, fuse, lower, plan, target, package.\n\n"
     "  --stop-after lower       ends after a phase; --stop-after target:asm after a target's stage\n"
     "  --dump-ir DIR            writes one numbered file a step\n  --print-timings          prints seconds a phase\n"},
    {"status", "exit status",
     "  0   done\n  1   the input is at fault, or a comparison failed\n  2   a fault of Ingot: please report it\n\n"
     "Results go to stdout, diagnostics and progress to stderr. --diagnostics json or sarif is for other programs.\n"},
};

void putRow(llvm::raw_ostream &out, llvm::StringRef left, llvm::StringRef right, unsigned width) {
  out << "  " << llvm::left_justify(left, width) << "  " << right << '\n';
}

bool offered(const OptionInfo &option, const CommandInfo &command) {
  return option.commands == "*" || option.commands.contains((" " + command.name + " ").str());
}

/// Words that complete an option: "--device", "-d".
std::string optionWords(const CommandInfo &command) {
  std::string words;
  for (const OptionInfo &option : optionTable())
    if (offered(option, command))
      words += " --" + option.name.str();
  return llvm::StringRef(words).ltrim().str();
}

std::string commandWords() {
  return llvm::join(llvm::map_range(commandTable(), [](const CommandInfo &c) { return c.name; }), " ");
}

std::string bashScript() {
  std::string out = "# ingot completion for bash\n_ingot() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                    "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"" + commandWords() + "\" -- \"$word\")); return; fi\n"
                    "  case \"${COMP_WORDS[1]}\" in\n";
  for (const CommandInfo &command : commandTable())
    out += "  " + command.name.str() + ") COMPREPLY=($(compgen -W \"" + optionWords(command) + "\" -- \"$word\")) ;;\n";
  return out + "  esac\n}\ncomplete -o default -F _ingot ingot\n";
}

std::string zshScript() {
  std::string out = "#compdef ingot\n_ingot() {\n  if (( CURRENT == 2 )); then compadd " + commandWords() + "; return; fi\n  case \"${words[2]}\" in\n";
  for (const CommandInfo &command : commandTable())
    out += "  " + command.name.str() + ") compadd -- " + optionWords(command) + " ;;\n";
  return out + "  esac\n  _files\n}\ncompdef _ingot ingot\n";
}

std::string fishScript() {
  std::string out = "# ingot completion for fish\n";
  for (const CommandInfo &command : commandTable())
    out += "complete -c ingot -n __fish_use_subcommand -a " + command.name.str() + " -d '" + command.summary.str() + "'\n";
  for (const CommandInfo &command : commandTable())
    for (const OptionInfo &option : optionTable())
      if (offered(option, command))
        out += "complete -c ingot -n '__fish_seen_subcommand_from " + command.name.str() + "' -l " + option.name.str() + "\n";
  return out;
}

} // namespace

std::string overviewHelp() {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "ingot: compiles a model for one device into a static library, its weights and a header\n\nusage: ingot COMMAND [ARGUMENTS] [OPTIONS]\n\n";
  for (const CommandInfo &command : commandTable())
    putRow(out, command.name, command.summary, 11);
  out << "\nMODEL is an .onnx or .gguf file, or a folder that ingot build wrote.\n\ntopics (ingot help TOPIC):\n";
  for (const Topic &topic : kTopics)
    putRow(out, topic.name, topic.summary, 11);
  out << "\nfirst steps:\n  ingot inspect model.onnx\n  ingot build model.onnx -o out && ingot bench out\n\ningot COMMAND --help shows a command's options and their defaults\n";
  return text;
}

std::string commandHelp(const CommandInfo &command) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "usage: ingot " << command.name << (command.arguments.empty() ? "" : " ") << command.arguments << " [OPTIONS]\n\n" << command.summary << "\n\noptions:\n";
  for (const OptionInfo &option : optionTable()) {
    if (!offered(option, command))
      continue;
    std::string left = (option.letter ? std::string("-") + option.letter + ", " : "    ") + "--" + option.name.str();
    if (!option.value.empty())
      left += " " + option.value.str();
    llvm::StringRef fallback = option.fallback.empty() ? option.shown : option.fallback;
    if (option.kind == ValueKind::Flag && option.name != "help")
      fallback = "off";
    putRow(out, left, option.help.str() + (fallback.empty() ? "" : " [" + fallback.str() + "]"), 29);
  }
  out << "\nexample: " << command.example << '\n';
  return text;
}

std::string topicHelp(llvm::StringRef topic) {
  for (const Topic &row : kTopics)
    if (row.name == topic)
      return (row.name + ": " + row.summary + "\n\n" + row.text).str();
  return "";
}

std::vector<llvm::StringRef> helpTopics() {
  std::vector<llvm::StringRef> names;
  for (const Topic &row : kTopics)
    names.push_back(row.name);
  return names;
}

std::string completionScript(llvm::StringRef shell) {
  if (shell == "bash")
    return bashScript();
  if (shell == "zsh")
    return zshScript();
  return shell == "fish" ? fishScript() : "";
}

} // namespace ingot
