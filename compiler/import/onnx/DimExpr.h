// Extents that follow from others: exporters name a dimension "past_sequence_length + 1" or "2*s0", and --dim total=past+seq says likewise.
#ifndef INGOT_COMPILER_IMPORT_ONNX_DIMEXPR_H
#define INGOT_COMPILER_IMPORT_ONNX_DIMEXPR_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// Integers and names (a letter or '_', then also digits and '.') joined by + - * / // ( ), with the usual precedence.
class DimExpr {
public:
  /// Nullopt for text that is no such expression, or a lone name or number.
  static std::optional<DimExpr> parse(llvm::StringRef text);
  /// The names in it.
  std::vector<std::string> names() const;
  /// Its value where every name has one. Nullopt where one has none, a division leaves a rest (of /; that of // is dropped), or the value is negative
  /// or leaves int64.
  std::optional<int64_t> value(llvm::function_ref<std::optional<int64_t>(llvm::StringRef name)> extentOf) const;

private:
  struct Token {
    enum Kind { Number, Name, Operator } kind;
    std::string text; // "/" and "//" are operators apart
    int64_t number;
  };
  static std::optional<std::vector<Token>> tokens(llvm::StringRef text);
  std::vector<Token> postfix; // operands before their operator
};

} // namespace ingot

#endif
