// Calibration data: NPZ files cut into samples that have the shapes of the model's inputs.
#include "compiler/support/Npz.h"
#include "passes/compress/Compress.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using llvm::ArrayRef;
using llvm::StringRef;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kEmptyCode = "IG0221", kShapeCode = "IG0222", kMissingCode = "IG0401";

/// The file, or the folder's .npz files by name. Empty: reported.
std::vector<std::string> filesOf(StringRef path, Diagnostics &diagnostics) {
  if (!llvm::sys::fs::is_directory(path))
    return {path.str()};
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(path, error), end; it != end && !error; it.increment(error))
    if (StringRef(it->path()).ends_with(".npz"))
      files.push_back(it->path());
  llvm::sort(files);
  if (files.empty())
    diagnostics.report(kEmptyCode, "the folder of calibration data has no .npz file", {path.str()},
                       "write samples with numpy.savez(FILE, **{'in|NAME': array}), or give --calibrate one file");
  return files;
}

std::string textOf(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

/// How many samples of `shape` an array holds; -1 when it fits none of the forms.
int64_t samplesIn(ArrayRef<int64_t> array, ArrayRef<int64_t> shape) {
  if (array == shape)
    return 1;
  if (array.size() == shape.size() + 1 && array.drop_front() == shape)
    return array[0];
  bool isMultiple = !shape.empty() && array.size() == shape.size() && shape[0] > 0 && array.drop_front() == shape.drop_front() && array[0] % shape[0] == 0;
  return isMultiple ? array[0] / shape[0] : -1;
}

/// One file's samples appended to `samples`. False: reported.
class FileReader {
public:
  FileReader(StringRef file, const NamedTensors &arrays, Diagnostics &diagnostics) : file(file.str()), arrays(arrays), diagnostics(diagnostics) {}

  bool read(ArrayRef<CalibrationInput> inputs, std::vector<std::vector<Tensor>> &samples) {
    size_t first = samples.size();
    int64_t count = -1;
    for (const CalibrationInput &input : inputs) {
      const Tensor *array = findTensor(arrays, "in", input.name);
      if (!array)
        return fail(kMissingCode, input, "the calibration data have no array for this input", "add it to the file under 'in|" + printable(input.name) + "'");
      int64_t held = samplesIn(array->shape(), input.shape);
      if (held < 0 || array->dtype() != input.type)
        return fail(kShapeCode, input, "the array is " + name(array->dtype()).str() + " " + textOf(array->shape()) + ", the input " + name(input.type).str() +
                    " " + textOf(input.shape), "give one sample, or several along a first axis");
      if (count >= 0 && held != count)
        return fail(kShapeCode, input, "the inputs hold different numbers of samples: " + std::to_string(count) + " and " + std::to_string(held),
                    "give every input the same number of samples");
      count = held;
      samples.resize(first + count);
      for (int64_t i = 0; i < count; ++i)
        samples[first + i].push_back(sampleOf(*array, input, i));
    }
    return true;
  }

private:
  static Tensor sampleOf(const Tensor &array, const CalibrationInput &input, int64_t index) {
    Tensor sample(input.type, input.shape);
    std::copy_n(array.data() + index * sample.bytes(), sample.bytes(), sample.mutableData());
    return sample;
  }
  bool fail(StringRef code, const CalibrationInput &input, std::string what, std::string help) {
    diagnostics.report(code, std::move(what), Where{file, "", printable(input.name), std::nullopt}, std::move(help));
    return false;
  }

  std::string file;
  const NamedTensors &arrays;
  Diagnostics &diagnostics;
};

} // namespace

std::vector<std::vector<Tensor>> readCalibration(StringRef path, ArrayRef<CalibrationInput> inputs, Diagnostics &diagnostics) {
  std::vector<std::vector<Tensor>> samples;
  for (const std::string &file : filesOf(path, diagnostics)) {
    std::optional<NamedTensors> arrays = readNpz(file, diagnostics);
    if (!arrays || !FileReader(file, *arrays, diagnostics).read(inputs, samples))
      return {};
  }
  if (samples.empty() && !diagnostics.hasErrors())
    diagnostics.report(kEmptyCode, "the calibration data hold no sample", {path.str()}, "give arrays with at least one sample");
  return samples;
}

std::vector<std::pair<std::string, std::vector<int64_t>>> calibrationShapes(StringRef path, Diagnostics &diagnostics) {
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  std::vector<std::string> files = filesOf(path, diagnostics);
  std::optional<NamedTensors> arrays = files.empty() ? std::nullopt : readNpz(files.front(), diagnostics);
  if (arrays)
    for (const auto &[key, tensor] : *arrays)
      if (StringRef name = key; !name.starts_with("out|")) {
        name.consume_front("in|");
        shapes.emplace_back(name.str(), tensor.shape().vec());
      }
  return shapes;
}

} // namespace ingot
