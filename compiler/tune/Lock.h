// The lock file of a tuned model: text beside the model (MODEL.tune) that says which ways (passes/Choices.h) measurement found better than the rules.
// Builds for the machine it was measured on take them, and give the same bytes from the same file. Any bytes are a legal input.
#ifndef INGOT_COMPILER_TUNE_LOCK_H
#define INGOT_COMPILER_TUNE_LOCK_H

#include "compiler/Diag.h"
#include "passes/Choices.h"
#include "targets/Target.h"

namespace ingot {

/// One choice that differs from the rule's.
struct LockEntry {
  std::string key, way, rule;
  double ratio = 1; // measured time with the way to that with the rule's; a split's: of the whole program
};

struct TuneLock {
  std::string compiler; // version of Ingot
  std::string model;    // BLAKE3 of the model file, hexadecimal
  std::string device;   // name of the device
  std::string machine;  // BLAKE3 of what is known of it, hexadecimal
  std::vector<LockEntry> entries; // by key

  Choices::Wishes wishes() const;
};

/// MODEL.tune
std::string lockPath(llvm::StringRef model);

/// A lock without entries for the model on the device. Nullopt: IG0003 was reported.
std::optional<TuneLock> emptyLock(llvm::StringRef model, const Device &device, Diagnostics &diagnostics);

/// The file as it is written: entries sorted, the same text for the same lock.
std::string lockText(const TuneLock &lock);

/// Reads a lock file. Nullopt: IG0230 was reported.
std::optional<TuneLock> readLock(llvm::StringRef path, Diagnostics &diagnostics);

/// Why a lock does not hold for another one's model, device and compiler; "" when it does.
std::string whyForeign(const TuneLock &lock, const TuneLock &here);

/// What a build takes: the entries of the file beside the model, when there is one that holds here (else IG0231 was reported). Nullopt: a damaged file or
/// an unreadable model was reported.
std::optional<TuneLock> lockFor(llvm::StringRef model, const Device &device, Diagnostics &diagnostics);

} // namespace ingot

#endif
