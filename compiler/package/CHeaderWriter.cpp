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

namespace {
class HeaderWriter {
public:
  explicit HeaderWriter(const HeaderRequest &request)
      : request(request), layout(request.layout), prefix(apiPrefix(request.symbol)), upper(llvm::StringRef(prefix).upper()),
        inputs(suffixes(layout.inputs)), outputs(suffixes(layout.outputs)), out(text) {}

  std::string write();

private:
  static std::vector<std::string> suffixes(llvm::ArrayRef<ProgramIo> ios) {
    std::vector<std::string> names;
    for (const ProgramIo &io : ios)
      names.push_back(io.name);
    return uniqueSuffixes(names);
  }
  void writeConstant(llvm::StringRef constant, int64_t value, llvm::StringRef comment);
  void writeConstants();
  void writeSizes(llvm::StringRef role, llvm::ArrayRef<ProgramIo> ios);
  void writeModel();
  void writeFunctions();
  void writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, llvm::ArrayRef<ProgramIo> ios, llvm::ArrayRef<std::string> names);

  const HeaderRequest &request;
  const Layout &layout;
  std::string prefix, upper; // "demo", "DEMO"
  std::vector<std::string> inputs, outputs;
  std::string text;
  llvm::raw_string_ostream out;
};
} // namespace

void HeaderWriter::writeConstant(llvm::StringRef constant, int64_t value, llvm::StringRef comment) {
  out << "#define " << upper << "_" << constant << " " << value << "u /* " << comment << " */\n";
}

void HeaderWriter::writeConstants() {
  writeConstant("ARENA_BYTES", layout.arenaBytes, "working memory of one context");
  writeConstant("STATE_BYTES", layout.stateBytes, "kept from run to run");
  writeConstant("SCRATCH_BYTES", layout.scratchBytes, "working memory for each worker");
  writeConstant("MAX_WORKERS", layout.workers, "threads that may run one context");
  writeConstant("MEMORY_ALIGNMENT", INGOT_MEMORY_ALIGNMENT, "of container, arena, state and scratch");
  writeConstant("WEIGHTS_BYTES", layout.weightsBytes, "in the container");
  writeConstant("CONTAINER_BYTES", request.containerBytes, "size of the .ingot file");
  writeConstant("INPUT_COUNT", layout.inputs.size(), "");
  writeConstant("OUTPUT_COUNT", layout.outputs.size(), "");
  for (size_t i = 0; i < inputs.size(); ++i)
    writeConstant("INPUT_BYTES_" + inputs[i], layout.inputs[i].bytes, shapeText(layout.inputs[i]));
  for (size_t i = 0; i < outputs.size(); ++i)
    writeConstant("OUTPUT_BYTES_" + outputs[i], layout.outputs[i].bytes, shapeText(layout.outputs[i]));
  out << "/* Code and container must carry the same. */\n#define " << upper << "_ABI_HASH \"" << toText(abiHash(layout)) << "\"\n\n";
}

/// The table of buffer sizes; C has no empty arrays.
void HeaderWriter::writeSizes(llvm::StringRef role, llvm::ArrayRef<ProgramIo> ios) {
  if (ios.empty())
    return;
  out << "static const uint64_t " << prefix << "_" << role << "_sizes[] = {";
  for (size_t i = 0; i < ios.size(); ++i)
    out << (i ? ", " : "") << ios[i].bytes << "u";
  out << "};\n";
}

void HeaderWriter::writeModel() {
  out << "/* The compiled code, in the archive. */\nvoid ingot_run_" << request.symbol
      << "(const ingot_frame *frame, uint32_t worker, uint32_t workers);\n";
  if (request.embedded)
    out << "/* The container, in the archive too. */\nextern const unsigned char ingot_container_" << request.symbol << "[" << upper
        << "_CONTAINER_BYTES];\n";
  out << "\n";
  writeSizes("input", layout.inputs);
  writeSizes("output", layout.outputs);
  out << "static const ingot_model " << prefix << "_model = {\n    ingot_run_" << request.symbol << ",\n    "
      << (layout.inputs.empty() ? "NULL" : prefix + "_input_sizes") << ",\n    "
      << (layout.outputs.empty() ? "NULL" : prefix + "_output_sizes") << ",\n    " << upper << "_INPUT_COUNT, " << upper
      << "_OUTPUT_COUNT, " << INGOT_ABI_VERSION << "u /* ABI version of the code */, " << upper << "_MAX_WORKERS,\n    " << upper
      << "_ARENA_BYTES, " << upper << "_STATE_BYTES, " << upper << "_SCRATCH_BYTES, " << upper << "_WEIGHTS_BYTES,\n    {";
  Hash hash = abiHash(layout);
  for (size_t i = 0; i < hash.size(); ++i)
    out << (i ? (i % 16 ? ", " : ",\n     ") : "") << "0x" << llvm::toHex(llvm::ArrayRef<uint8_t>(hash[i]), /*LowerCase=*/true);
  out << "}};\n\n/* One running instance; the caller's memory. */\ntypedef struct " << prefix << "_context {\n  ingot_context core;\n";
  if (!layout.inputs.empty() || !layout.outputs.empty())
    out << "  void *io[" << upper << "_INPUT_COUNT + " << upper << "_OUTPUT_COUNT];\n";
  out << "} " << prefix << "_context;\n\n";
}

void HeaderWriter::writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, llvm::ArrayRef<ProgramIo> ios,
                                llvm::ArrayRef<std::string> names) {
  for (size_t i = 0; i < ios.size(); ++i) {
    std::string macro = upper + "_" + role.upper() + "_BYTES_" + names[i];
    out << "/* " << role << " " << forComment(ios[i].name) << ": " << shapeText(ios[i]) << ", row-major */\n"
        << "static inline ingot_status " << prefix << "_set_" << role << "_" << names[i] << "(" << prefix << "_context *context, "
        << qualifier << cType(ios[i].type) << " *values) {\n  return ingot_set_" << role << "(&context->core, " << i << "u, values, "
        << macro << ");\n}\n";
  }
}

void HeaderWriter::writeFunctions() {
  bool noIo = layout.inputs.empty() && layout.outputs.empty();
  out << "/* Checks the container against this header and makes the context ready; see ingot/runtime.h. */\n"
      << "static inline ingot_status " << prefix << "_bind(" << prefix << "_context *context, const ingot_memory *memory) {\n"
      << "  return ingot_bind(&context->core, " << (noIo ? "NULL" : "context->io") << ", &" << prefix << "_model, memory);\n}\n";
  writeBuffers("input", "const ", layout.inputs, inputs);
  writeBuffers("output", "", layout.outputs, outputs);
  out << "/* Runs the model once on the calling thread. */\n"
      << "static inline ingot_status " << prefix << "_run(" << prefix << "_context *context) {\n"
      << "  return ingot_step(&context->core, 0u, 1u);\n}\n"
      << "/* Runs it as one of several workers; every worker calls it on its own thread (ingot/pool.h does). */\n"
      << "static inline ingot_status " << prefix << "_step(" << prefix << "_context *context, uint32_t worker, uint32_t workers) {\n"
      << "  return ingot_step(&context->core, worker, workers);\n}\n";
}

std::string HeaderWriter::write() {
  std::string guard = "INGOT_MODEL_" + upper + "_H";
  out << "/* Written by Ingot: model " << forComment(layout.model) << " for " << forComment(layout.device) << ".\n"
      << " * Bind memory once, set buffers, then run. C11 and C++17. */\n#ifndef " << guard << "\n#define " << guard
      << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n#include \"ingot/runtime.h\"\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeConstants();
  writeModel();
  writeFunctions();
  out << "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return text;
}

std::string ingot::writeCHeader(const HeaderRequest &request) { return HeaderWriter(request).write(); }
