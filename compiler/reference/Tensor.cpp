// Host tensors: the element type table, storage, and element access with one rounding.
// Narrow floats go through llvm::APFloat; the 8-bit and 4-bit ones are read through a table of all their values.
#include "compiler/reference/Tensor.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <array>
#include <cmath>
#include <cstring>

using namespace mlir;
using llvm::APFloat;
using llvm::ArrayRef;
using llvm::StringRef;

namespace ingot {
namespace {

enum class Class : uint8_t { Bool, Signed, Unsigned, Float };

struct TypeInfo {
  const char *name;
  Class kind;
  unsigned bits; // of the value; a Tensor stores ceil(bits / 8) bytes
};

// In the order of DType.
constexpr TypeInfo kTypes[] = {
    {"bool", Class::Bool, 1},           {"int8", Class::Signed, 8},           {"int16", Class::Signed, 16},
    {"int32", Class::Signed, 32},       {"int64", Class::Signed, 64},         {"uint8", Class::Unsigned, 8},
    {"uint16", Class::Unsigned, 16},    {"uint32", Class::Unsigned, 32},      {"uint64", Class::Unsigned, 64},
    {"float16", Class::Float, 16},      {"bfloat16", Class::Float, 16},       {"float32", Class::Float, 32},
    {"float64", Class::Float, 64},      {"int4", Class::Signed, 4},           {"uint4", Class::Unsigned, 4},
    {"int2", Class::Signed, 2},         {"uint2", Class::Unsigned, 2},        {"float8e4m3fn", Class::Float, 8},
    {"float8e4m3fnuz", Class::Float, 8}, {"float8e5m2", Class::Float, 8},     {"float8e5m2fnuz", Class::Float, 8},
    {"float8e8m0", Class::Float, 8},    {"float4e2m1", Class::Float, 4}};
constexpr size_t kTypeCount = sizeof(kTypes) / sizeof(kTypes[0]);
static_assert(kTypeCount == static_cast<size_t>(DType::F4E2M1) + 1, "one row a DType");

const TypeInfo &info(DType type) { return kTypes[static_cast<size_t>(type)]; }

const llvm::fltSemantics &semantics(DType type) {
  switch (type) {
  case DType::F16: return APFloat::IEEEhalf();
  case DType::BF16: return APFloat::BFloat();
  case DType::F32: return APFloat::IEEEsingle();
  case DType::F8E4M3FN: return APFloat::Float8E4M3FN();
  case DType::F8E4M3FNUZ: return APFloat::Float8E4M3FNUZ();
  case DType::F8E5M2: return APFloat::Float8E5M2();
  case DType::F8E5M2FNUZ: return APFloat::Float8E5M2FNUZ();
  case DType::F8E8M0: return APFloat::Float8E8M0FNU();
  case DType::F4E2M1: return APFloat::Float4E2M1FN();
  default: return APFloat::IEEEdouble();
  }
}

double widen(DType type, uint64_t bits) {
  APFloat value(semantics(type), llvm::APInt(info(type).bits, bits));
  bool inexact = false;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
  return value.convertToDouble();
}

/// All values of an 8-bit or narrower float type.
double smallFloat(DType type, uint8_t bits) {
  using Table = std::array<double, 256>;
  constexpr size_t first = static_cast<size_t>(DType::F8E4M3FN);
  static const std::array<Table, kTypeCount - first> tables = [] {
    std::array<Table, kTypeCount - first> made{};
    for (size_t t = 0; t < made.size(); ++t) {
      DType type = static_cast<DType>(first + t);
      for (uint64_t b = 0; b < (uint64_t(1) << info(type).bits); ++b)
        made[t][b] = widen(type, b);
    }
    return made;
  }();
  return tables[static_cast<size_t>(type) - first][info(type).bits == 4 ? bits & 15 : bits];
}

double halfToDouble(uint16_t bits) {
  int exponent = (bits >> 10) & 31;
  int mantissa = bits & 1023;
  double sign = bits & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31)
    return mantissa ? std::nan("") : sign * HUGE_VAL;
  if (exponent == 0)
    return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(mantissa + 1024, exponent - 25);
}

/// The bits of `value` in a float type narrower than f32, nearest even. Types without infinity give NaN on overflow, f4 its
/// largest value; f4 has no NaN (0 instead), e8m0 no zero and no sign (its smallest value instead).
uint64_t narrow(DType type, double value) {
  if (type == DType::F4E2M1) {
    constexpr double largest = 6.0;
    value = std::isnan(value) ? 0.0 : std::min(std::max(value, -largest), largest);
  }
  if (type == DType::F8E8M0) {
    constexpr uint64_t notANumber = 255;
    if (std::isnan(value) || std::isinf(value))
      return value < 0 ? 0 : notANumber;
    if (value < std::ldexp(1.0, -127))
      return 0;
  }
  APFloat narrowed(value);
  bool inexact = false;
  narrowed.convert(semantics(type), APFloat::rmNearestTiesToEven, &inexact);
  return narrowed.bitcastToAPInt().getZExtValue();
}

/// trunc(value) modulo 2^64; 0 for NaN and infinities.
uint64_t wrapToInt(double value) {
  if (!std::isfinite(value))
    return 0;
  if (std::fabs(value) < 9.0e18)
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  uint64_t magnitude = static_cast<uint64_t>(std::fmod(std::fabs(std::trunc(value)), std::ldexp(1.0, 64)));
  return value < 0 ? 0 - magnitude : magnitude;
}

template <typename T> T loadAs(const char *at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T> void storeAs(char *at, T value) { std::memcpy(at, &value, sizeof(T)); }

} // namespace

int64_t byteWidth(DType type) { return (info(type).bits + 7) / 8; }
StringRef name(DType type) { return info(type).name; }
bool isFloat(DType type) { return info(type).kind == Class::Float; }
bool isSignedInt(DType type) { return info(type).kind == Class::Signed; }
bool isUnsignedInt(DType type) { return info(type).kind == Class::Unsigned; }

Type toMlir(DType type, MLIRContext *context) {
  switch (type) {
  case DType::F16: return Float16Type::get(context);
  case DType::BF16: return BFloat16Type::get(context);
  case DType::F32: return Float32Type::get(context);
  case DType::F64: return Float64Type::get(context);
  case DType::F8E4M3FN: return Float8E4M3FNType::get(context);
  case DType::F8E4M3FNUZ: return Float8E4M3FNUZType::get(context);
  case DType::F8E5M2: return Float8E5M2Type::get(context);
  case DType::F8E5M2FNUZ: return Float8E5M2FNUZType::get(context);
  case DType::F8E8M0: return Float8E8M0FNUType::get(context);
  case DType::F4E2M1: return Float4E2M1FNType::get(context);
  default: break;
  }
  return IntegerType::get(context, info(type).bits, isUnsignedInt(type) ? IntegerType::Unsigned : IntegerType::Signless);
}

std::optional<DType> toDType(Type elementType) {
  if (!elementType || !isa<IntegerType, FloatType>(elementType))
    return std::nullopt;
  for (size_t i = 0; i < kTypeCount; ++i)
    if (toMlir(static_cast<DType>(i), elementType.getContext()) == elementType)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<int64_t> elementCount(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool overflow = false;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    empty |= extent == 0;
    overflow |= llvm::MulOverflow(count, extent, count);
  }
  if (empty)
    return 0;
  return overflow ? std::nullopt : std::optional<int64_t>(count);
}

Tensor::Tensor(DType type, ArrayRef<int64_t> shape)
    : type(type), extents(shape.begin(), shape.end()), elements(elementCount(shape).value_or(0)),
      owned(std::make_shared<std::vector<char>>(static_cast<size_t>(bytes()))) {
  begin = owned->data();
}

// Bytes that are not aligned for their type are copied: as<T>() promises aligned elements.
Tensor::Tensor(DType type, ArrayRef<int64_t> shape, const void *bytes, std::shared_ptr<const void> owner)
    : type(type), extents(shape.begin(), shape.end()), elements(elementCount(shape).value_or(0)), begin(static_cast<const char *>(bytes)),
      owner(std::move(owner)) {
  if (reinterpret_cast<uintptr_t>(begin) % static_cast<uintptr_t>(byteWidth(type)) != 0)
    mutableData();
}

char *Tensor::mutableData() {
  if (!owned || owned.use_count() > 1) {
    owned = begin ? std::make_shared<std::vector<char>>(begin, begin + bytes())
                  : std::make_shared<std::vector<char>>(static_cast<size_t>(bytes()));
    owner.reset();
    begin = owned->data();
  }
  return owned->data();
}

double Tensor::at(int64_t i) const {
  const char *p = begin + i * byteWidth(type);
  switch (type) {
  case DType::F32: return loadAs<float>(p);
  case DType::F64: return loadAs<double>(p);
  case DType::F16: return halfToDouble(loadAs<uint16_t>(p));
  case DType::BF16: {
    uint32_t bits = static_cast<uint32_t>(loadAs<uint16_t>(p)) << 16;
    return loadAs<float>(reinterpret_cast<const char *>(&bits));
  }
  case DType::U64: return static_cast<double>(loadAs<uint64_t>(p));
  default: return isFloat(type) ? smallFloat(type, loadAs<uint8_t>(p)) : static_cast<double>(intAt(i));
  }
}

int64_t Tensor::intAt(int64_t i) const {
  const char *p = begin + i * byteWidth(type);
  switch (type) {
  case DType::Bool: return loadAs<uint8_t>(p) != 0;
  case DType::I8: return loadAs<int8_t>(p);
  case DType::I16: return loadAs<int16_t>(p);
  case DType::I32: return loadAs<int32_t>(p);
  case DType::I64:
  case DType::U64: return loadAs<int64_t>(p);
  case DType::U8: return loadAs<uint8_t>(p);
  case DType::U16: return loadAs<uint16_t>(p);
  case DType::U32: return loadAs<uint32_t>(p);
  case DType::I4: return llvm::SignExtend64<4>(loadAs<uint8_t>(p));
  case DType::U4: return loadAs<uint8_t>(p) & 15;
  case DType::I2: return llvm::SignExtend64<2>(loadAs<uint8_t>(p));
  case DType::U2: return loadAs<uint8_t>(p) & 3;
  default: return static_cast<int64_t>(wrapToInt(at(i)));
  }
}

void Tensor::set(int64_t i, double value) {
  char *p = mutableData() + i * byteWidth(type);
  if (type == DType::F32)
    return storeAs(p, static_cast<float>(value));
  if (type == DType::F64)
    return storeAs(p, value);
  if (type == DType::Bool)
    return storeAs<uint8_t>(p, value != 0);
  if (!isFloat(type))
    return setInt(i, static_cast<int64_t>(wrapToInt(value)));
  uint64_t bits = narrow(type, value);
  byteWidth(type) == 2 ? storeAs(p, static_cast<uint16_t>(bits)) : storeAs(p, static_cast<uint8_t>(bits));
}

void Tensor::setInt(int64_t i, int64_t value) {
  char *p = mutableData() + i * byteWidth(type);
  switch (type) {
  case DType::Bool: return storeAs<uint8_t>(p, value != 0);
  case DType::I8:
  case DType::U8: return storeAs(p, static_cast<uint8_t>(value));
  case DType::I16:
  case DType::U16: return storeAs(p, static_cast<uint16_t>(value));
  case DType::I32:
  case DType::U32: return storeAs(p, static_cast<uint32_t>(value));
  case DType::I64:
  case DType::U64: return storeAs(p, value);
  case DType::I4: return storeAs(p, static_cast<int8_t>(llvm::SignExtend64<4>(static_cast<uint64_t>(value) & 15)));
  case DType::U4: return storeAs(p, static_cast<uint8_t>(value & 15));
  case DType::I2: return storeAs(p, static_cast<int8_t>(llvm::SignExtend64<2>(static_cast<uint64_t>(value) & 3)));
  case DType::U2: return storeAs(p, static_cast<uint8_t>(value & 3));
  case DType::F32: return storeAs(p, static_cast<float>(value));
  default: return set(i, static_cast<double>(value));
  }
}

Tensor Tensor::reshaped(ArrayRef<int64_t> shape) const {
  Tensor result = *this;
  result.extents.assign(shape.begin(), shape.end());
  return result;
}

RankedTensorType Tensor::mlirType(MLIRContext *context) const { return RankedTensorType::get(extents, toMlir(type, context)); }

// A tensor of one repeated element becomes a splat. Whole bytes are handed over as they are, narrower types element by element.
DenseElementsAttr Tensor::toAttr(MLIRContext *context) const {
  RankedTensorType mlir = mlirType(context);
  int64_t width = byteWidth(type);
  bool splat = elements > 0;
  for (int64_t i = 1; i < elements && splat; ++i)
    splat = std::memcmp(begin, begin + i * width, static_cast<size_t>(width)) == 0;
  int64_t kept = splat ? 1 : elements;
  if (info(type).bits >= 8)
    return DenseElementsAttr::getFromRawBuffer(mlir, ArrayRef<char>(begin, static_cast<size_t>(kept * width)));
  if (type == DType::F4E2M1) {
    llvm::SmallVector<APFloat> values;
    for (int64_t i = 0; i < kept; ++i)
      values.emplace_back(semantics(type), llvm::APInt(4, static_cast<uint64_t>(begin[i]) & 15));
    return DenseElementsAttr::get(mlir, values);
  }
  llvm::SmallVector<llvm::APInt> values;
  for (int64_t i = 0; i < kept; ++i)
    values.emplace_back(info(type).bits, static_cast<uint64_t>(intAt(i)), /*isSigned=*/false, /*implicitTrunc=*/true);
  return DenseElementsAttr::get(mlir, values);
}

// An attribute that is not dense, or of a type without a DType, gives Tensor(): callers check toDType first.
Tensor Tensor::fromAttr(ElementsAttr attr) {
  std::optional<DType> type = toDType(attr.getElementType());
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!type || !dense)
    return Tensor();
  Tensor result(*type, attr.getShapedType().getShape());
  int64_t width = byteWidth(*type);
  if (result.count() == 0)
    return result;
  char *out = result.mutableData();
  if (info(*type).bits >= 8 && !dense.isSplat()) {
    std::memcpy(out, dense.getRawData().data(), static_cast<size_t>(result.bytes()));
    return result;
  }
  if (info(*type).bits >= 8) {
    for (int64_t i = 0; i < result.count(); ++i)
      std::memcpy(out + i * width, dense.getRawData().data(), static_cast<size_t>(width));
    return result;
  }
  int64_t i = 0;
  if (*type == DType::F4E2M1) {
    for (APFloat value : dense.getValues<APFloat>())
      out[i++] = static_cast<char>(value.bitcastToAPInt().getZExtValue());
    return result;
  }
  for (const llvm::APInt &value : dense.getValues<llvm::APInt>())
    result.setInt(i++, static_cast<int64_t>(value.getZExtValue()));
  return result;
}

Tensor Tensor::scalar(DType type, double value) {
  Tensor result(type, {});
  result.set(0, value);
  return result;
}

Tensor Tensor::vectorI64(ArrayRef<int64_t> values) {
  Tensor result(DType::I64, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i)
    result.setInt(static_cast<int64_t>(i), values[i]);
  return result;
}

Tensor narrowed(const Tensor &values, DType type) {
  constexpr float kMostF16 = 65504.0f, kLeastBf16 = 0x1p-56f;
  Tensor result(type, values.shape());
  result.mutableData();
  llvm::ArrayRef<float> from = values.as<float>();
  for (int64_t i = 0; i < values.count(); ++i) {
    float x = from[i];
    if (type == DType::F16)
      x = x < -kMostF16 ? -kMostF16 : x > kMostF16 ? kMostF16 : x;
    else if (std::fabs(x) < kLeastBf16)
      x = 0;
    result.set(i, static_cast<double>(x));
  }
  return result;
}

} // namespace ingot
