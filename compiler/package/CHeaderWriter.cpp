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

static void writeRunFunctions(llvm::raw_ostream &out, llvm::StringRef prefix, llvm::StringRef run, llvm::StringRef what) {
  out << "/* Runs the " << what << " once on the calling thread. */\n"
      << "static inline ingot_status " << prefix << run << "(" << prefix << "_context *context) {\n"
      << "  return ingot_step(&context->core, 0u, 1u);\n}\n"
      << "/* Runs it as one of several workers; every worker calls it on its own thread (ingot/pool.h does). */\n"
      << "static inline ingot_status " << prefix << "_step(" << prefix << "_context *context, uint32_t worker, uint32_t workers) {\n"
      << "  return ingot_step(&context->core, worker, workers);\n}\n";
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
  /// The table of values that inputs are bound to, if there are any; returns it and its length as the last members of an ingot_model.
  std::string writeBound();

private:
  void writeConstant(llvm::StringRef constant, int64_t value, llvm::StringRef comment) {
    out << "#define " << upper << "_" << constant << " " << value << "u /* " << comment << " */\n";
  }
  void writeSizes(llvm::StringRef role, llvm::ArrayRef<ProgramIo> ios);
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
std::string EntryWriter::writeBound() {
  size_t boundCount = 0;
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
  if (!boundCount)
    return "NULL, 0u";
  out << "static const ingot_bound " << prefix << "_bound[] = {" << rows << "};\n";
  return prefix + "_bound, " + std::to_string(boundCount) + "u";
}

static void writeHash(llvm::raw_ostream &out, const Hash &abi, llvm::StringRef newLine) {
  out << "{";
  for (size_t i = 0; i < abi.size(); ++i)
    out << (i == 0 ? "" : i % 16 ? ", " : ("," + newLine).str()) << "0x" << llvm::toHex(llvm::ArrayRef<uint8_t>(abi[i]), /*LowerCase=*/true);
  out << "}";
}

void EntryWriter::writeModel(const Hash &abi) {
  std::string function = entrySymbol(entry.name, request.symbol);
  out << "/* The compiled code, in the archive. */\nvoid " << function << "(const ingot_frame *frame, uint32_t worker, uint32_t workers);\n\n";
  writeSizes("input", entry.inputs);
  writeSizes("output", entry.outputs);
  std::string bound = writeBound();
  out << "static const ingot_model " << prefix << "_model = {\n    " << function << ",\n    "
      << (entry.inputs.empty() ? "NULL" : prefix + "_input_sizes") << ",\n    " << (entry.outputs.empty() ? "NULL" : prefix + "_output_sizes")
      << ",\n    " << upper << "_INPUT_COUNT, " << upper << "_OUTPUT_COUNT, " << INGOT_ABI_VERSION << "u /* ABI version of the code */, " << model
      << "_MAX_WORKERS,\n    " << entry.arenaBytes << "u, " << model << "_STATE_BYTES, " << entry.scratchBytes << "u, " << model
      << "_WEIGHTS_BYTES,\n    ";
  writeHash(out, abi, "\n     ");
  out << ",\n    " << bound << ", " << entry.serial << "u};\n\n";
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
  writeRunFunctions(out, prefix, isRun ? "_run" : "", isRun ? "model" : "entry point");
}

namespace {
/// What all entry points that are shapes of one model share: one context, and functions that ask the chosen shape's model for sizes.
class ShapesWriter {
public:
  ShapesWriter(llvm::raw_ostream &out, const HeaderRequest &request, const std::string &prefix)
      : out(out), shapes(request.shapes), layout(request.layout), symbol(request.symbol), first(layout.entries.front()), prefix(prefix), upper(llvm::StringRef(prefix).upper()),
        inputs(suffixesOf(first.inputs)), outputs(suffixesOf(first.outputs)) {}

  void writeConstants();
  void writeTable(llvm::MutableArrayRef<EntryWriter> entries, const Hash &abi);
  void writeFunctions();

private:
  void writeList();
  static std::string joined(llvm::ArrayRef<int64_t> numbers) {
    return llvm::join(llvm::map_range(numbers, [](int64_t number) { return std::to_string(number); }), ", ");
  }
  using IoList = std::vector<ProgramIo> EntryLayout::*;
  std::string rangeText(IoList list, size_t io) const;
  void writeLargest(llvm::StringRef role, IoList list, llvm::ArrayRef<std::string> names);
  void writeChoice();
  void writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, IoList list, llvm::ArrayRef<std::string> names);

  llvm::raw_ostream &out;
  const ShapeSets &shapes;
  const Layout &layout;
  const std::string &symbol;
  const EntryLayout &first; // all have the same inputs and outputs but for extents
  std::string prefix, upper; // "demo", "DEMO"
  std::vector<std::string> inputs, outputs;
};
} // namespace

void ShapesWriter::writeLargest(llvm::StringRef role, IoList list, llvm::ArrayRef<std::string> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    int64_t most = 0;
    for (const EntryLayout &entry : layout.entries)
      most = std::max(most, (entry.*list)[i].bytes);
    out << "#define " << upper << "_" << role << "_BYTES_" << names[i] << " " << most << "u /* enough for every shape */\n";
  }
}

void ShapesWriter::writeConstants() {
  out << "#define " << upper << "_SHAPE_COUNT " << layout.entries.size() << "u\n#define " << upper << "_INPUT_COUNT " << inputs.size() << "u\n#define "
      << upper << "_OUTPUT_COUNT " << outputs.size() << "u\n";
  writeLargest("INPUT", &EntryLayout::inputs, inputs);
  writeLargest("OUTPUT", &EntryLayout::outputs, outputs);
}

/// Which shapes there are: every combination of the dimensions' extents.
void ShapesWriter::writeList() {
  out << "/* There is code for every combination of these extents, and for no others:";
  for (const auto &[dim, extents] : shapes.dims) {
    out << "\n *   dimension " << forComment(dim) << ":";
    size_t column = 0;
    for (int64_t extent : extents)
      out << (column++ % 24 || column == 1 ? " " : "\n *     ") << extent << (extent == extents.back() ? "" : ",");
  }
  out << " */\n";
}

/// The code of each shape, its extents, and what its buffers measure.
void ShapesWriter::writeTable(llvm::MutableArrayRef<EntryWriter> entries, const Hash &abi) {
  writeList();
  std::vector<std::string> code, bounds, extents, sizes;
  for (size_t i = 0; i < entries.size(); ++i) {
    const EntryLayout &entry = layout.entries[i];
    code.push_back(entrySymbol(entry.name, symbol));
    bounds.push_back(entries[i].writeBound());
    extents.push_back("{" + joined(shapes.extents(static_cast<int64_t>(i))) + "}");
    std::vector<int64_t> bytes;
    for (const std::vector<ProgramIo> *list : {&entry.inputs, &entry.outputs})
      for (const ProgramIo &io : *list)
        bytes.push_back(io.bytes);
    sizes.push_back("{" + joined(bytes) + "}");
  }
  out << "typedef void " << prefix << "_code(const ingot_frame *frame, uint32_t worker, uint32_t workers);\nextern " << prefix << "_code " << llvm::join(code, ",\n    ")
      << ";\nstatic const int64_t " << prefix << "_extents[][" << shapes.dims.size() << "] = {\n    " << llvm::join(extents, ",\n    ")
      << "};\nstatic const uint64_t " << prefix << "_sizes[][" << upper << "_INPUT_COUNT + " << upper << "_OUTPUT_COUNT] = {\n    " << llvm::join(sizes, ",\n    ")
      << "};\n#define " << upper << "_SHAPE(shape, code, bound, bounds, serial) \\\n  {code, " << prefix << "_sizes[shape], " << prefix << "_sizes[shape] + " << upper
      << "_INPUT_COUNT, " << upper << "_INPUT_COUNT, " << upper << "_OUTPUT_COUNT, " << INGOT_ABI_VERSION << "u, " << upper << "_MAX_WORKERS, \\\n   " << upper
      << "_ARENA_BYTES, " << upper << "_STATE_BYTES, " << upper << "_SCRATCH_BYTES, " << upper << "_WEIGHTS_BYTES, \\\n   ";
  writeHash(out, abi, " \\\n    ");
  out << ", \\\n   bound, bounds, serial}\nstatic const ingot_model " << prefix << "_models[] = {";
  for (size_t i = 0; i < code.size(); ++i)
    out << (i ? ",\n    " : "\n    ") << upper << "_SHAPE(" << i << ", " << code[i] << ", " << bounds[i] << ", " << layout.entries[i].serial << "u)";
  out << "};\nstatic const ingot_shape " << prefix << "_shapes[] = {";
  for (size_t i = 0; i < code.size(); ++i)
    out << (i ? ",\n    " : "\n    ") << "{" << prefix << "_extents[" << i << "], &" << prefix << "_models[" << i << "]}";
  out << "};\n\n/* One running instance, of whichever shape was chosen last; the caller's memory. */\ntypedef struct " << prefix
      << "_context {\n  ingot_context core;\n  void *io[" << upper << "_INPUT_COUNT + " << upper << "_OUTPUT_COUNT];\n} " << prefix << "_context;\n\n";
}

/// "float32 [1..4, 16]": the extents of one input or output over all shapes.
std::string ShapesWriter::rangeText(IoList list, size_t io) const {
  std::string text;
  for (size_t axis = 0; axis < (first.*list)[io].shape.size(); ++axis) {
    int64_t low = INT64_MAX, high = 0;
    for (const EntryLayout &entry : layout.entries) {
      low = std::min(low, (entry.*list)[io].shape[axis]);
      high = std::max(high, (entry.*list)[io].shape[axis]);
    }
    text += (axis ? ", " : "") + std::to_string(low) + (low == high ? "" : ".." + std::to_string(high));
  }
  return name((first.*list)[io].type).str() + " [" + text + "]";
}

void ShapesWriter::writeChoice() {
  std::vector<std::string> dims, arguments;
  for (const auto &[dim, extents] : shapes.dims)
    dims.push_back(dim);
  std::string comment;
  for (const auto &[dim, suffix] : llvm::zip_equal(dims, uniqueSuffixes(dims))) {
    arguments.push_back("extent_" + suffix);
    comment += "\n * extent_" + suffix + ": dimension " + forComment(dim) + ".";
  }
  out << "/* Chooses the shape of the runs that follow. INGOT_BAD_SHAPE, and the one before stays, when the list above does not have it. Inputs and\n"
      << " * outputs must be set anew; the state is kept. Not while a step runs." << comment << " */\n"
      << "static inline ingot_status " << prefix << "_set_shape(" << prefix << "_context *context, int64_t " << llvm::join(arguments, ", int64_t ") << ") {\n"
      << "  const int64_t extents[] = {" << llvm::join(arguments, ", ") << "};\n"
      << "  return ingot_set_shape(&context->core, " << prefix << "_shapes, " << upper << "_SHAPE_COUNT, extents, " << arguments.size() << "u);\n}\n";
}

void ShapesWriter::writeBuffers(llvm::StringRef role, llvm::StringRef qualifier, IoList list, llvm::ArrayRef<std::string> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const ProgramIo &io = (first.*list)[i];
    out << "/* " << role << " " << forComment(io.name) << ": " << rangeText(list, i) << ", row-major, of the chosen shape";
    if (io.extentAxis >= 0)
      out << ";\n * this is the most there can be: on axis " << io.extentAxis << " there are as many entries as output " << names[io.extentOutput]
          << " says, the rest is unspecified";
    out << " */\nstatic inline ingot_status " << prefix << "_set_" << role << "_" << names[i] << "(" << prefix << "_context *context, " << qualifier
        << cType(io.type) << " *values) {\n  const ingot_model *model = context->core.model;\n  return ingot_set_" << role << "(&context->core, " << i
        << "u, values, model ? (size_t)model->" << role << "_bytes[" << i << "] : 0u);\n}\n";
  }
}

void ShapesWriter::writeFunctions() {
  out << "/* Checks the container against this header, makes the context ready and chooses the first shape; see ingot/runtime.h. */\n"
      << "static inline ingot_status " << prefix << "_bind(" << prefix << "_context *context, const ingot_memory *memory) {\n"
      << "  return ingot_bind(&context->core, context->io, " << prefix << "_shapes[0].model, memory);\n}\n";
  writeChoice();
  writeBuffers("input", "const ", &EntryLayout::inputs, inputs);
  writeBuffers("output", "", &EntryLayout::outputs, outputs);
  writeRunFunctions(out, prefix, "_run", "model");
}

namespace {
class HeaderWriter {
public:
  explicit HeaderWriter(const HeaderRequest &request)
      : request(request), layout(request.layout), prefix(apiPrefix(request.symbol)), upper(llvm::StringRef(prefix).upper()), out(text), shapes(out, request, prefix) {
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
  void writeCaches();
  void writeCachesOf();

  const HeaderRequest &request;
  const Layout &layout;
  std::string prefix, upper; // "demo", "DEMO"
  std::string text;
  llvm::raw_string_ostream out;
  std::vector<EntryWriter> entries;
  ShapesWriter shapes; // used when the entries are shapes
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
    if (request.shapes.empty())
      entry.writeConstants();
  if (!request.shapes.empty())
    shapes.writeConstants();
  out << "/* Code and container must carry the same. */\n#define " << upper << "_ABI_HASH \"" << toText(abiHash(layout)) << "\"\n\n";
}

void HeaderWriter::writeContainer() {
  if (request.embedded)
    out << "/* The container, in the archive too. */\nextern const unsigned char ingot_container_" << request.symbol << "[" << upper
        << "_CONTAINER_BYTES];\n\n";
  if (layout.entries.size() > 1 && request.shapes.empty())
    out << "/* Every entry point has a context of its own. All are bound with the same container and the same state, all but the first with\n"
           " * memory.flags = INGOT_KEEP_STATE; they may share arena and scratch, because only one of them may run at a time. */\n\n";
  if (!request.caches.empty() && request.caches.front().sequences > 1)
    out << "/* The state holds " << upper << "_SEQUENCES sequences, which inputs 'sequence' number from 0. One begins anew at position 0. In " << prefix
        << "_decode_batch each row is a\n * token of its own sequence; a row with another number, such as -1, is idle: it changes nothing, and its outputs mean nothing. */\n\n";
}

/// The table's entries for a sequence among several; functions copy them, so that the table has one row a cache.
void HeaderWriter::writeCachesOf() {
  out << "/* Where the caches of one sequence are; 0: there is none of that number. */\n"
      << "static inline int " << prefix << "_caches_of(uint32_t sequence, ingot_cache *caches) {\n"
      << "  for (uint32_t i = 0; i < " << request.caches.size() << "u; ++i) {\n    caches[i] = " << prefix << "_caches[i];\n"
      << "    caches[i].offset += (uint64_t)sequence * caches[i].slices * caches[i].rows * caches[i].row_bytes;\n  }\n"
      << "  return sequence < " << upper << "_SEQUENCES;\n}\n";
}

void HeaderWriter::writeCaches() {
  if (request.caches.empty())
    return;
  bool several = request.caches.front().sequences > 1;
  out << "\nstatic const ingot_cache " << prefix << "_caches[] = {";
  for (size_t i = 0; i < request.caches.size(); ++i) {
    const CachePart &part = request.caches[i];
    out << (i ? "," : "") << (i % 4 ? " " : "\n    ") << "{" << part.offset << "u, " << part.rowBytes << "u, " << part.slices << "u, " << part.rows << "u}";
  }
  std::string count = std::to_string(request.caches.size()) + "u", table = prefix + "_caches, " + count + ", ";
  out << "};\n";
  if (several)
    writeCachesOf();
  std::string arguments = several ? "caches, " + count + ", " : table, sequence = several ? "uint32_t sequence, " : "";
  std::string begin = several ? "  ingot_cache caches[" + count + "];\n  if (!" + prefix + "_caches_of(sequence, caches))\n    return INGOT_BAD_ARGUMENT;\n" : "";
  out << "/* What a sequence's first positions take when they are saved, and saving and restoring them in the state of any entry's context (context.core);\n"
      << " * positions: the next token's position. See ingot/state.h. */\n"
      << "static inline uint64_t " << prefix << "_saved_bytes(uint32_t positions) { return ingot_cache_bytes(" << table << "positions); }\n"
      << "static inline ingot_status " << prefix << "_save(const ingot_context *core, " << sequence << "uint32_t positions, void *saved, size_t bytes) {\n"
      << begin
      << "  return ingot_cache_save(core, " << arguments << "positions, saved, bytes);\n}\n"
      << "static inline ingot_status " << prefix << "_restore(ingot_context *core, " << sequence << "const void *saved, size_t bytes, uint32_t *positions) {\n"
      << begin
      << "  return ingot_cache_restore(core, " << arguments << upper << "_CONTEXT, saved, bytes, positions);\n}\n";
}

std::string HeaderWriter::write() {
  std::string guard = "INGOT_MODEL_" + upper + "_H";
  out << "/* Written by Ingot: model " << forComment(layout.model) << " for " << forComment(layout.device) << ".\n"
      << " * Bind memory once, set buffers, then run. C11 and C++17. */\n#ifndef " << guard << "\n#define " << guard
      << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n#include \"ingot/runtime.h\"\n" << (request.caches.empty() ? "" : "#include \"ingot/state.h\"\n") << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeConstants();
  writeContainer();
  Hash abi = abiHash(layout);
  if (!request.shapes.empty()) {
    shapes.writeTable(entries, abi);
    shapes.writeFunctions();
  } else {
    for (EntryWriter &entry : entries)
      entry.writeModel(abi);
    for (EntryWriter &entry : entries)
      entry.writeFunctions();
    writeCaches();
  }
  out << "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return text;
}

std::string ingot::writeCHeader(const HeaderRequest &request) { return HeaderWriter(request).write(); }
