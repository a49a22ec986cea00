// What a container describes: sizes, inputs, outputs and every weight's place. One structure for the writer (from the planned
// program), the metadata segment, the reader, the generated header and the ABI hash, so that they cannot disagree.
#ifndef INGOT_COMPILER_PACKAGE_LAYOUT_H
#define INGOT_COMPILER_PACKAGE_LAYOUT_H

#include "compiler/weights/WeightStore.h"
#include "passes/plan/Program.h"

#include "llvm/Support/Error.h"

#include <array>

namespace ingot {

using Hash = std::array<uint8_t, 32>;

struct PackedWeight {
  std::string name;
  DType type;
  std::vector<int64_t> shape;
  int64_t offset; // in the weights segment, a multiple of 64
  int64_t bytes;
  std::string recipe; // "" for a tensor taken as it is
};

/// One entry point of the model.
struct EntryLayout {
  std::string name; // C identifier; "run" for a model with one
  int64_t arenaBytes = 0, scratchBytes = 0;
  std::vector<ProgramIo> inputs, outputs;
  bool serial = false; // all of it is the first worker's
  int64_t liveBytes = 0; // the lower bound of the arena; shown to people
};

struct Layout {
  std::string model, device; // shown to people; not part of the ABI hash
  int64_t stateBytes = 0, workers = 1, weightsBytes = 0;
  std::vector<EntryLayout> entries;  // at least one
  std::vector<PackedWeight> weights; // by offset, without overlap

  /// What serves every entry.
  int64_t arenaBytes() const;
  int64_t scratchBytes() const;
};

/// The layout of a module's programs. Errors: a weight that the store lacks or has in another size (IG0503), an impossible plan (IG0502).
llvm::Expected<Layout> makeLayout(llvm::ArrayRef<Program> programs, const WeightStore &store, llvm::StringRef model, llvm::StringRef device);

/// Empty when sizes, types, shapes and places fit each other; else what is wrong.
std::string checkLayout(const Layout &layout);

/// Identifies what code and container must agree on: BLAKE3 over the ABI version and all of the layout but model and device.
Hash abiHash(const Layout &layout);
/// 64 hexadecimal digits.
std::string toText(const Hash &hash);

} // namespace ingot

#endif
