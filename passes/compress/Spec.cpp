// The words after --quantize and --sparsify.
#include "passes/compress/Compress.h"

#include "llvm/ADT/STLExtras.h"

using llvm::StringRef;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCode = "IG0220";

template <typename SpecT> std::optional<SpecT> bad(StringRef option, StringRef text, StringRef legal, Diagnostics &diagnostics) {
  Diagnostic d;
  d.code = kCode.str();
  d.what = "option --" + option.str() + " has a value that names no method";
  d.expected = legal.str();
  d.found = "'" + printable(text) + "'";
  d.help = "see ingot help compress";
  diagnostics.report(std::move(d));
  return std::nullopt;
}

} // namespace

std::optional<QuantizeSpec> parseQuantize(StringRef text, Diagnostics &diagnostics) {
  constexpr llvm::StringLiteral kLegal = "int8, int8:minmax, int8:mse, matmulnbits:4,32 (bits 4 or 8; block 16, 32, 64, 128 or 256); of GGUF models q8_0, q6_k, q5_0, q4_k, q4_0";
  auto [method, rest] = text.split(':');
  QuantizeSpec spec;
  if (text.empty())
    return spec;
  if (method == "int8" && (text == "int8" || rest == "minmax" || rest == "mse")) {
    spec.kind = QuantizeSpec::Int8;
    spec.leastSquares = rest == "mse";
    return spec;
  }
  if (llvm::is_contained({"q8_0", "q6_k", "q5_0", "q4_k", "q4_0"}, text)) {
    spec.kind = QuantizeSpec::Gguf;
    spec.type = text.str();
    return spec;
  }
  auto [bits, block] = rest.split(',');
  bool isNumbers = !bits.getAsInteger(10, spec.bits) && !block.getAsInteger(10, spec.block);
  bool isLegal = isNumbers && (spec.bits == 4 || spec.bits == 8) && llvm::is_contained({16, 32, 64, 128, 256}, spec.block);
  if (method != "matmulnbits" || !(text == method || isLegal))
    return bad<QuantizeSpec>("quantize", text, kLegal, diagnostics);
  spec.kind = QuantizeSpec::MatmulNBits;
  if (text == method) { // no numbers: the defaults
    spec.bits = 4;
    spec.block = 32;
  }
  return spec;
}

std::optional<SparsifySpec> parseSparsify(StringRef text, Diagnostics &diagnostics) {
  auto [method, share] = text.split(':');
  SparsifySpec spec;
  if (text.empty())
    return spec;
  spec.kind = method == "magnitude" ? SparsifySpec::Magnitude : method == "4x1" ? SparsifySpec::Block4x1 : SparsifySpec::None;
  bool isShare = !share.getAsDouble(spec.share) && spec.share > 0 && spec.share < 1;
  if (spec.kind == SparsifySpec::None || !isShare)
    return bad<SparsifySpec>("sparsify", text, "magnitude:SHARE or 4x1:SHARE, SHARE between 0 and 1", diagnostics);
  return spec;
}

} // namespace ingot
