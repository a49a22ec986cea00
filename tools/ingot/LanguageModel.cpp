// Compiling and feeding a language model. Prompts go in chunks of the size that the program was made for, the last one padded.
#include "tools/ingot/LanguageModel.h"

#include "compiler/import/gguf/GgufReader.h"

#include "llvm/Support/FileSystem.h"

namespace ingot {
namespace {

constexpr int64_t kDefaultCtx = 4096;

/// An integer of the file's architecture; 0 when there is none.
int64_t numberOf(llvm::StringRef path, llvm::StringRef key) {
  Diagnostics ignored; // the importer reports what is wrong with the file
  std::optional<GgufFile> file = readGguf(path, ignored);
  const GgufValue *architecture = file ? file->find("general.architecture") : nullptr;
  const GgufValue *value = architecture ? file->find((architecture->asString().value_or("") + "." + key).str()) : nullptr;
  return value ? value->asInt().value_or(0) : 0;
}

} // namespace

int64_t trainedContext(llvm::StringRef path, int64_t fallback) {
  int64_t tokens = numberOf(path, "context_length");
  return tokens > 0 ? tokens : fallback;
}

bool isEmbeddingModel(llvm::StringRef path) { return numberOf(path, "pooling_type") > 0; }

bool isLanguageModel(llvm::StringRef model) {
  std::string path = model.str();
  if (llvm::sys::fs::is_directory(model))
    path = recordedModel(model);
  return llvm::StringRef(path).ends_with(".gguf") || isGgufFile(path);
}

std::optional<CompileOptions> languageOptions(const Context &context, llvm::StringRef model, std::vector<std::string> entries) {
  std::optional<CompileOptions> options = compileOptionsFor(context, model, nullptr);
  if (!options)
    return std::nullopt;
  if (!isLanguageModel(options->modelPath) && llvm::sys::fs::exists(options->modelPath)) {
    context.fail("IG0411", "the file is no GGUF model", options->modelPath, "ingot " + context.options.command->name.str() + " takes language models");
    return std::nullopt;
  }
  options->llm.entries = std::move(entries);
  if (!llvm::is_contained(options->llm.entries, "decode"))
    options->llm.sequences = 1; // whatever the folder was built for
  if (options->llm.sequences > 1)
    options->llm.entries.push_back("decode_batch");
  return options;
}

std::unique_ptr<LanguageModel> LanguageModel::open(const Context &context, CompileOptions options) {
  if (options.llm.ctx == 0)
    options.llm.ctx = std::min(trainedContext(options.modelPath, kDefaultCtx), kDefaultCtx);
  options.llm.chunk = std::min(options.llm.chunk, options.llm.ctx);
  std::unique_ptr<LanguageModel> model(new LanguageModel(context, std::move(options)));
  model->built = openBuiltModel(context, context.options.arguments[0], model->options);
  if (!(model->built ? model->load(*model->built) : model->compile()))
    return nullptr;
  model->vocabularySize = static_cast<size_t>(model->programs.front().outputs.front().shape.back());
  model->lastLogits.resize(model->vocabularySize);
  return model;
}

bool LanguageModel::load(const BuiltModel &package) {
  double start = secondsNow();
  programs = package.programs;
  deviceName = package.device.name;
  bool good = check(package.target->load(package.device, package.objects, package.symbol, programs, package.container.weights).moveInto(loaded));
  if (good && package.container.file->getBufferKind() == llvm::MemoryBuffer::MemoryBuffer_MMap)
    loaded->streamWeights();
  loadTime = secondsNow() - start;
  return good;
}

bool LanguageModel::compile() {
  std::optional<Session> opened = openSession(options, context.diagnostics);
  if (!opened)
    return false;
  session = std::move(*opened);
  printTimings(context, session);
  programs = session.compiled ? session.compiled->programs : session.reference->programs;
  deviceName = session.device().str();
  double start = secondsNow();
  LoadedModel model;
  if (session.reference)
    model.program = loadReferenceProgram(*session.reference);
  else if (!check(loadCompiled(*session.compiled).moveInto(model)))
    return false;
  weights = std::move(model.weights);
  loaded = std::move(model.program);
  loadTime = secondsNow() - start;
  return true;
}

bool LanguageModel::check(llvm::Error error) {
  if (!error)
    return true;
  context.fail("IG0311", llvm::toString(std::move(error)), options.modelPath);
  return false;
}

size_t LanguageModel::entryIndex(llvm::StringRef entry) const {
  return static_cast<size_t>(llvm::find_if(programs, [&](const Program &p) { return p.entry == entry; }) - programs.begin());
}

size_t LanguageModel::rowsOf(llvm::StringRef entry) const { return static_cast<size_t>(program(entry)->inputs[0].shape[0]); }

const Program *LanguageModel::program(llvm::StringRef entry) const {
  size_t index = entryIndex(entry);
  return index < programs.size() ? &programs[index] : nullptr;
}

int64_t LanguageModel::sequences() const { return program("decode_batch") ? static_cast<int64_t>(rowsOf("decode_batch")) : 1; }

bool LanguageModel::run(llvm::StringRef entry, llvm::ArrayRef<int32_t> tokens, int64_t position, int32_t count, float *out, int64_t workers,
                        int32_t sequence) {
  size_t index = entryIndex(entry);
  auto start = static_cast<int32_t>(position);
  const std::pair<llvm::StringRef, const void *> given[] = {{"tokens", tokens.data()}, {"position", &start}, {"count", &count}, {"sequence", &sequence}};
  std::vector<const void *> inputs;
  for (const ProgramIo &io : programs[index].inputs)
    inputs.push_back(llvm::find_if(given, [&](const auto &row) { return row.first == io.name; })->second);
  void *outputs[] = {out};
  llvm::ArrayRef<void *> wanted = llvm::ArrayRef(outputs).take_front(programs[index].outputs.size()); // prefill_more has none
  return check(loaded->run(index, inputs, wanted, std::min(workers, programs[index].workers)));
}

bool LanguageModel::prefill(llvm::ArrayRef<int32_t> tokens, int64_t position, int64_t workers, int32_t sequence) {
  lastLogits.resize(vocabularySize);
  size_t chunk = rowsOf("prefill"), shortChunk = rowsOf("prefill_short");
  for (size_t taken; !tokens.empty(); tokens = tokens.drop_front(taken)) {
    llvm::StringRef entry = tokens.size() > chunk ? "prefill_more" : tokens.size() > chunk / 2 ? "prefill" : "prefill_short";
    size_t rows = entry == "prefill_short" ? shortChunk : chunk;
    taken = std::min(rows, tokens.size());
    std::vector<int32_t> padded(tokens.take_front(taken));
    padded.resize(rows);
    if (!run(entry, padded, position, static_cast<int32_t>(taken), lastLogits.data(), workers, sequence))
      return false;
    position += static_cast<int64_t>(taken);
  }
  return true;
}

bool LanguageModel::decode(int32_t token, int64_t position, int64_t workers) {
  lastLogits.resize(vocabularySize);
  return run("decode", token, position, 1, lastLogits.data(), workers);
}

bool LanguageModel::decodeBatch(llvm::ArrayRef<int32_t> tokens, llvm::ArrayRef<int32_t> positions, int64_t workers) {
  size_t index = entryIndex("decode_batch"), all = rowsOf("decode_batch");
  std::vector<int32_t> batch[] = {tokens, positions, std::vector<int32_t>(all, -1)};
  for (std::vector<int32_t> &column : batch)
    column.resize(all);
  for (size_t i = 0; i < tokens.size(); ++i)
    batch[2][i] = positions[i] < 0 ? -1 : static_cast<int32_t>(i);
  lastLogits.resize(all * vocabularySize);
  const void *inputs[] = {batch[0].data(), batch[1].data(), batch[2].data()};
  void *outputs[] = {lastLogits.data()};
  return check(loaded->run(index, inputs, outputs, std::min(workers, programs[index].workers)));
}

bool LanguageModel::score(llvm::ArrayRef<int32_t> tokens, int64_t position, int64_t workers,
                          llvm::function_ref<void(size_t, llvm::ArrayRef<float>)> row) {
  size_t chunk = rowsOf("score");
  rows.resize(chunk * vocabularySize);
  for (size_t done = 0; done < tokens.size(); done += chunk) {
    llvm::ArrayRef<int32_t> part = tokens.slice(done, std::min(chunk, tokens.size() - done));
    std::vector<int32_t> padded(part);
    padded.resize(chunk);
    if (!run("score", padded, position + static_cast<int64_t>(done), static_cast<int32_t>(part.size()), rows.data(), workers))
      return false;
    for (size_t i = 0; i < part.size(); ++i)
      row(done + i, llvm::ArrayRef(rows).slice(i * vocabularySize, vocabularySize));
  }
  return true;
}

bool LanguageModel::embed(llvm::ArrayRef<int32_t> tokens, int64_t workers, llvm::MutableArrayRef<float> vector) {
  std::vector<int32_t> padded(tokens);
  padded.resize(static_cast<size_t>(program("embed")->inputs[0].shape[0]));
  return run("embed", padded, 0, static_cast<int32_t>(tokens.size()), vector.data(), workers);
}

bool LanguageModel::reset() { return check(loaded->resetState()); }

} // namespace ingot
