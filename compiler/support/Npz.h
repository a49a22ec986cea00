// NumPy's files: .npz (a zip of .npy) and .npy, read and written. Inputs and golden outputs of models come this way.
// Any byte string is a legal input: sizes are bounded by the file and by kNpzMaxBytes, nothing is trusted.
#ifndef INGOT_COMPILER_SUPPORT_NPZ_H
#define INGOT_COMPILER_SUPPORT_NPZ_H

#include "compiler/Diag.h"
#include "compiler/reference/Tensor.h"

#include <utility>

namespace ingot {

/// Arrays in the order of the file; keys without ".npy". Unique keys.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Most bytes that one file's arrays may unpack to (a zip bomb's limit).
constexpr int64_t kNpzMaxBytes = int64_t(16) << 30;

/// Reads .npz, or .npy (one array, key "arr_0"). Nullopt: IG0404 or IG0003 was reported, naming the entry.
std::optional<NamedTensors> readNpz(llvm::StringRef path, Diagnostics &diagnostics);
/// The same for bytes in memory; `label` names them in messages.
std::optional<NamedTensors> readNpzBytes(llvm::StringRef bytes, llvm::StringRef label, Diagnostics &diagnostics);

/// Bytes of one .npy, format version 1.0, C order. Types that numpy lacks (bfloat16, float8, int4 ...) become the raw uint16 or uint8.
std::string writeNpyBytes(const Tensor &tensor);
/// Bytes of an .npz with stored entries and fixed time stamps: equal tensors give equal bytes. Below 4 GiB.
llvm::Expected<std::string> writeNpzBytes(const NamedTensors &tensors);
bool writeNpz(llvm::StringRef path, const NamedTensors &tensors, Diagnostics &diagnostics);

/// One .npy: nullopt with the reason in `why`.
std::optional<Tensor> parseNpy(llvm::StringRef bytes, std::string &why);

/// The array under `prefix`|name, or plain name; null when there is neither. `prefix` is "in" or "out".
const Tensor *findTensor(const NamedTensors &tensors, llvm::StringRef prefix, llvm::StringRef name);

} // namespace ingot

#endif
