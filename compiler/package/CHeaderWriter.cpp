// See CHeaderWriter.h. Everything a model's author chose passes through Identifiers.h.
#include "compiler/package/CHeaderWriter.h"
#include "compiler/package/Identifiers.h"

#include "ingot/runtime.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace ingot;

/// The C type of an element in memory. Half and bfloat16 are passed as bits, 8-bit floats and sub-byte integers one a byte.
static llvm::StringRef cType(DType type) {
  switch (type) {
  case DType::F32: return "float";
  case DType::F64: return "double";
  case DType::I8: case DType::I4: case DType::I2: return "int8_t";
  case DType::I16: return "int16_t";
  case DType::I32: return "int32_t";
  case DType::I64: return "int64_t";
  case DType::U16: case DType::F16: case DType::BF16: return "uint16_t";
  case DType::U32: return "uint32_t";
  case DType::U64: return "uint64_t";
  default: return "uint8_t";
  }
}

static std::string shapeText(const ProgramIo &io) {
  std::string out = name(io.type).str() + " [";
  for (size_t i = 0; i < io.shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(io.shape[i]);
  return out + "]";
}

static std::vector<std::string> suffixesOf(llvm::ArrayRef<ProgramIo> ios) {
  std::vector<std::string> names;
  for (const ProgramIo &io : ios)
    names.push_back(io.name);
  return uniqueSuffixes(names);
}

namespace {
/// What one entry point adds. A model's only entry "run" has the model's own prefix, any other "<model>_<entry>".
class EntryWriter {
public:
  EntryWriter(llvm::raw_ostream &out, const HeaderRequest &request, const EntryLayout &entry, const std::string &model)
      : out(out), request(request), entry(entry), isRun(entry.name == "run"), model(llvm::StringRef(model).upper()),
        prefix(isRun ? model : model + "_" + entry.name), upper(llvm::StringRef(prefix).upper()), inputs(suffixesOf(entry.inputs)),
        outputs(suffixesOf(entry.outputs)), hasIo(!entry.inputs.empty() || !entry.outputs.empty()) {}

  void writeConstants();
  void writeModel(const Hash &abi);
  void writeFunctions();

private:
  void writeConstant(llvm::StringRef constant, int64_t value, llvm::StringRef comment) {
    out << "#define " << upper << "_" << constant << " " << value << "u /* " << comment << " */\n";
  }
  void writeSizes(llvm::StringRef role, llvm::ArrayRef<ProgramIo> ios);
  void writeBound();
  void writeContext();
  void writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, llvm::ArrayRef<ProgramIo> ios, llvm::ArrayRef<std::string> names);

  llvm::raw_ostream &out;
  const HeaderRequest &request;
  const EntryLayout &entry;
  bool isRun;
  std::string model;         // "DEMO"
  std::string prefix, upper; // "demo_decode", "DEMO_DECODE"
  std::vector<std::string> inputs, outputs;
  bool hasIo;
  size_t boundCount = 0;
};
} // namespace

void EntryWriter::writeConstants() {
  writeConstant("INPUT_COUNT", entry.inputs.size(), "");
  writeConstant("OUTPUT_COUNT", entry.outputs.size(), "");
  for (size_t i = 0; i < inputs.size(); ++i)
    writeConstant("INPUT_BYTES_" + inputs[i], entry.inputs[i].bytes, shapeText(entry.inputs[i]));
  for (size_t i = 0; i < outputs.size(); ++i)
    writeConstant("OUTPUT_BYTES_" + outputs[i], entry.outputs[i].bytes, shapeText(entry.outputs[i]));
}

/// The table of buffer sizes; C has no empty arrays.
void EntryWriter::writeSizes(llvm::StringRef role, llvm::ArrayRef<ProgramIo> ios) {
  if (ios.empty())
    return;
  out << "static const uint64_t " << prefix << "_" << role << "_sizes[] = {";
  for (size_t i = 0; i < ios.size(); ++i)
    out << (i ? ", " : "") << ios[i].bytes << "u";
  out << "};\n";
}

/// The values that bound inputs must have, one byte table each, and the table of them.
void EntryWriter::writeBound() {
  std::string rows;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string &bytes = entry.inputs[i].bound;
    if (bytes.empty())
      continue;
    std::string table = prefix + "_bound_" + inputs[i];
    out << "/* Input " << forComment(entry.inputs[i].name) << " must hold this value, which the code was made for; running it with another fails. */\n"
        << "static const uint8_t " << table << "[] = {";
    for (size_t k = 0; k < bytes.size(); ++k)
      out << (k ? (k % 32 ? "," : ",\n    ") : "") << static_cast<unsigned>(static_cast<uint8_t>(bytes[k]));
    out << "};\n";
    rows += (boundCount++ ? ", {" : "{") + table + ", " + std::to_string(bytes.size()) + "u, " + std::to_string(i) + "u, 0u}";
  }
  if (boundCount)
    out << "static const ingot_bound " << prefix << "_bound[] = {" << rows << "};\n";
}

void EntryWriter::writeModel(const Hash &abi) {
  std::string function = entrySymbol(entry.name, request.symbol);
  out << "/* The compiled code, in the archive. */\nvoid " << function << "(const ingot_frame *frame, uint32_t worker, uint32_t workers);\n\n";
  writeSizes("input", entry.inputs);
  writeSizes("output", entry.outputs);
  writeBound();
  out << "static const ingot_model " << prefix << "_model = {\n    " << function << ",\n    "
      << (entry.inputs.empty() ? "NULL" : prefix + "_input_sizes") << ",\n    " << (entry.outputs.empty() ? "NULL" : prefix + "_output_sizes")
      << ",\n    " << upper << "_INPUT_COUNT, " << upper << "_OUTPUT_COUNT, " << INGOT_ABI_VERSION << "u /* ABI version of the code */, " << model
      << "_MAX_WORKERS,\n    " << entry.arenaBytes << "u, " << model << "_STATE_BYTES, " << entry.scratchBytes << "u, " << model
      << "_WEIGHTS_BYTES,\n    {";
  for (size_t i = 0; i < abi.size(); ++i)
    out << (i ? (i % 16 ? ", " : ",\n     ") : "") << "0x" << llvm::toHex(llvm::ArrayRef<uint8_t>(abi[i]), /*LowerCase=*/true);
  out << "},\n    " << (boundCount ? prefix + "_bound" : "NULL") << ", " << boundCount << "u, 0u};\n\n";
  writeContext();
}

void EntryWriter::writeContext() {
  out << "/* One running instance" << (isRun ? "" : " of entry point " + entry.name) << "; the caller's memory. */\ntypedef struct " << prefix
      << "_context {\n  ingot_context core;\n";
  if (hasIo)
    out << "  void *io[" << upper << "_INPUT_COUNT + " << upper << "_OUTPUT_COUNT];\n";
  out << "} " << prefix << "_context;\n\n";
}

void EntryWriter::writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, llvm::ArrayRef<ProgramIo> ios, llvm::ArrayRef<std::string> names) {
  for (size_t i = 0; i < ios.size(); ++i) {
    std::string macro = upper + "_" + role.upper() + "_BYTES_" + names[i];
    out << "/* " << role << " " << forComment(ios[i].name) << ": " << shapeText(ios[i]) << ", row-major";
    if (ios[i].extentAxis >= 0)
      out << ";\n * this is the most there can be: on axis " << ios[i].extentAxis << " there are as many entries as output " << names[ios[i].extentOutput]
          << " says, the rest is unspecified";
    out << " */\n"
        << "static inline ingot_status " << prefix << "_set_" << role << "_" << names[i] << "(" << prefix << "_context *context, "
        << qualifier << cType(ios[i].type) << " *values) {\n  return ingot_set_" << role << "(&context->core, " << i << "u, values, "
        << macro << ");\n}\n";
  }
}

void EntryWriter::writeFunctions() {
  out << "/* Checks the container against this header and makes the context ready; see ingot/runtime.h. */\n"
      << "static inline ingot_status " << prefix << "_bind(" << prefix << "_context *context, const ingot_memory *memory) {\n"
      << "  return ingot_bind(&context->core, " << (hasIo ? "context->io" : "NULL") << ", &" << prefix << "_model, memory);\n}\n";
  writeBuffers("input", "const ", entry.inputs, inputs);
  writeBuffers("output", "", entry.outputs, outputs);
  out << "/* Runs the " << (isRun ? "model" : "entry point") << " once on the calling thread. */\n"
      << "static inline ingot_status " << prefix << (isRun ? "_run" : "") << "(" << prefix << "_context *context) {\n"
      << "  return ingot_step(&context->core, 0u, 1u);\n}\n"
      << "/* Runs it as one of several workers; every worker calls it on its own thread (ingot/pool.h does). */\n"
      << "static inline ingot_status " << prefix << "_step(" << prefix << "_context *context, uint32_t worker, uint32_t workers) {\n"
      << "  return ingot_step(&context->core, worker, workers);\n}\n";
}

namespace {
class HeaderWriter {
public:
  explicit HeaderWriter(const HeaderRequest &request)
      : request(request), layout(request.layout), prefix(apiPrefix(request.symbol)), upper(llvm::StringRef(prefix).upper()), out(text) {
    for (const EntryLayout &entry : layout.entries)
      entries.emplace_back(out, request, entry, prefix);
  }

  std::string write();

private:
  void writeConstant(llvm::StringRef constant, int64_t value, llvm::StringRef comment) {
    out << "#define " << upper << "_" << constant << " " << value << "u /* " << comment << " */\n";
  }
  void writeConstants();
  void writeContainer();

  const HeaderRequest &request;
  const Layout &layout;
  std::string prefix, upper; // "demo", "DEMO"
  std::string text;
  llvm::raw_string_ostream out;
  std::vector<EntryWriter> entries;
};
} // namespace

void HeaderWriter::writeConstants() {
  writeConstant("ARENA_BYTES", layout.arenaBytes(), "working memory of one context");
  writeConstant("STATE_BYTES", layout.stateBytes, "kept from run to run");
  writeConstant("SCRATCH_BYTES", layout.scratchBytes(), "working memory for each worker");
  writeConstant("MAX_WORKERS", layout.workers, "threads that may run one context");
  writeConstant("MEMORY_ALIGNMENT", INGOT_MEMORY_ALIGNMENT, "of container, arena, state and scratch");
  writeConstant("WEIGHTS_BYTES", layout.weightsBytes, "in the container");
  writeConstant("CONTAINER_BYTES", request.containerBytes, "size of the .ingot file");
  for (const ModelConstant &constant : request.constants)
    writeConstant(constant.name, constant.value, constant.comment);
  for (EntryWriter &entry : entries)
    entry.writeConstants();
  out << "/* Code and container must carry the same. */\n#define " << upper << "_ABI_HASH \"" << toText(abiHash(layout)) << "\"\n\n";
}

void HeaderWriter::writeContainer() {
  if (request.embedded)
    out << "/* The container, in the archive too. */\nextern const unsigned char ingot_container_" << request.symbol << "[" << upper
        << "_CONTAINER_BYTES];\n\n";
  if (layout.entries.size() > 1)
    out << "/* Every entry point has a context of its own. All are bound with the same container and the same state, all but the first with\n"
           " * memory.flags = INGOT_KEEP_STATE; they may share arena and scratch, because only one of them may run at a time. */\n\n";
}

std::string HeaderWriter::write() {
  std::string guard = "INGOT_MODEL_" + upper + "_H";
  out << "/* Written by Ingot: model " << forComment(layout.model) << " for " << forComment(layout.device) << ".\n"
      << " * Bind memory once, set buffers, then run. C11 and C++17. */\n#ifndef " << guard << "\n#define " << guard
      << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n#include \"ingot/runtime.h\"\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeConstants();
  writeContainer();
  Hash abi = abiHash(layout);
  for (EntryWriter &entry : entries)
    entry.writeModel(abi);
  for (EntryWriter &entry : entries)
    entry.writeFunctions();
  out << "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return text;
}

std::string ingot::writeCHeader(const HeaderRequest &request) { return HeaderWriter(request).write(); }
