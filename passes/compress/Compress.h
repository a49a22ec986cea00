// What --quantize and --sparsify ask for, and what the compress phase tells about what it did. Shared by the command line, the phase's
// passes and the writers of compressed models.
#ifndef INGOT_PASSES_COMPRESS_COMPRESS_H
#define INGOT_PASSES_COMPRESS_COMPRESS_H

#include "compiler/Diag.h"
#include "compiler/reference/Tensor.h"

#include <string>
#include <vector>

namespace ingot {

/// --quantize: int8[:minmax|mse], matmulnbits:BITS,BLOCK, or a GGUF block type (q8_0, q6_k, q5_0, q4_k, q4_0).
struct QuantizeSpec {
  enum Kind { None, Int8, MatmulNBits, Gguf } kind = None;
  bool leastSquares = false; // int8: ranges and weight scales of the least squared error instead of the extremes
  int bits = 4;              // matmulnbits: 4 or 8
  int64_t block = 32;        // matmulnbits: 16, 32, 64, 128 or 256 inputs
  std::string type;          // gguf: "q8_0", "q4_k"
};

/// --sparsify: magnitude:SHARE or 4x1:SHARE, the share of weights that becomes zero.
struct SparsifySpec {
  enum Kind { None, Magnitude, Block4x1 } kind = None;
  double share = 0;
};

/// Nullopt: IG0220 was reported with the legal forms.
std::optional<QuantizeSpec> parseQuantize(llvm::StringRef text, Diagnostics &diagnostics);
std::optional<SparsifySpec> parseSparsify(llvm::StringRef text, Diagnostics &diagnostics);

/// One compressed weight.
struct LayerNote {
  std::string name;  // the model's name of the layer's result
  std::string type;  // "int8", "int4 block 32", "sparse 4x1"
  int64_t bytesBefore = 0, bytes = 0;
  double error = 0;   // root of sum (w - w')^2 / sum w^2
  double density = 1; // share of weights that are not zero
};

/// What --precision bf16 or f16 did to the model's products.
struct OperandsNote {
  int64_t rounded = 0, kept = 0; // products with operands of the type, and those that stay in f32
  double error = 0, most = 0;    // of the weights: root of sum (w - w')^2 / sum w^2 over all of them, and the largest of one product
};

struct CompressRequest {
  QuantizeSpec quantize;
  SparsifySpec sparsify;
  DType operands = DType::F32; // --precision: f16 and bf16 round the operands of f32 products
  OperandsNote operandsNote;   // filled by the phase
  std::string quantizeText, sparsifyText;   // as typed, for the report
  std::string calibrate;                    // --calibrate: an .npz or a folder of them
  std::vector<std::vector<Tensor>> samples; // read from there once the inputs are known: [sample][input]
  std::vector<LayerNote> layers;            // filled by the phase, in program order
  bool keepsNames = false;                  // the result is to be written into a model file

  bool roundsOperands() const { return operands != DType::F32; }
  bool isActive() const { return quantize.kind != QuantizeSpec::None || sparsify.kind != SparsifySpec::None || roundsOperands(); }
};

/// A model's input as calibration sees it.
struct CalibrationInput {
  std::string name;
  DType type;
  std::vector<int64_t> shape;
};

/// Samples from an .npz, or from every .npz of a folder in the order of their names. An array is one sample when it has the input's shape; with
/// one axis more in front, or with a first extent that is a multiple of the input's, it holds several. Empty: reported (IG0221 .. IG0223).
std::vector<std::vector<Tensor>> readCalibration(llvm::StringRef path, llvm::ArrayRef<CalibrationInput> inputs, Diagnostics &diagnostics);

/// The shapes of inputs in the first file of `path`, for binding symbolic dimensions; empty when it cannot be read.
std::vector<std::pair<std::string, std::vector<int64_t>>> calibrationShapes(llvm::StringRef path, Diagnostics &diagnostics);

} // namespace ingot

#endif
