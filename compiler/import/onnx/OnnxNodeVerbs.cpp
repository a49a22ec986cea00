// OnnxNode's verbs: the ops that most operators are made of, with their result types computed and their operands checked.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace ingot {
namespace {

using Shape = std::vector<int64_t>;

std::string text(llvm::ArrayRef<int64_t> shape) { return llvm::formatv("[{0:$[, ]}]", llvm::make_range(shape.begin(), shape.end())); }

/// NumPy's broadcast of two shapes; nullopt and refused when they do not fit.
std::optional<Shape> broadcastShape(OnnxNode &node, llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) { // from the right
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      node.refuse("the shapes " + text(a) + " and " + text(b) + " do not broadcast");
      return std::nullopt;
    }
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

bool isCompare(nn::BinaryKind kind) {
  return kind == nn::BinaryKind::equal || kind == nn::BinaryKind::less || kind == nn::BinaryKind::less_equal || kind == nn::BinaryKind::greater ||
         kind == nn::BinaryKind::greater_equal;
}

bool isPermutation(llvm::ArrayRef<int64_t> perm, size_t rank) {
  Shape sorted(perm.begin(), perm.end());
  llvm::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i))
      return false;
  return perm.size() == rank;
}

/// True when every value is there; else refused.
bool present(OnnxNode &node, std::initializer_list<Value> values) {
  if (node.ok() && !llvm::all_of(values, [](Value value) { return static_cast<bool>(value); }))
    node.refuse("a required operand is missing");
  return node.ok();
}

/// True when indices starts, starts + steps, ... stay inside [0, extent).
bool insideAxis(int64_t start, int64_t size, int64_t step, int64_t extent) {
  if (size < 0 || step == 0)
    return false;
  if (size == 0)
    return true;
  int64_t span = 0;
  int64_t end = 0;
  return !__builtin_mul_overflow(size - 1, step, &span) && !__builtin_add_overflow(start, span, &end) && start >= 0 && start < extent && end >= 0 &&
         end < extent;
}

} // namespace

Value OnnxNode::constantOf(const Tensor &tensor) {
  if (!ok())
    return {};
  std::string name = proto.output_size() != 0 && !proto.output(0).empty() ? proto.output(0) : proto.name();
  Value value = importer.makeConstant(tensor, name.empty() ? "constant" : name, loc());
  last.assign(1, value);
  return value;
}

Value OnnxNode::scalar(DType element, double value) { return constantOf(Tensor::scalar(element, value)); }

Value OnnxNode::unary(nn::UnaryKind kind, Value x, double alpha, double beta) {
  if (!present(*this, {x}))
    return {};
  bool test = kind == nn::UnaryKind::is_nan || kind == nn::UnaryKind::is_inf;
  return create<nn::UnaryOp>(type(test ? DType::Bool : dtype(x), shape(x)), kind, x, llvm::APFloat(alpha), llvm::APFloat(beta));
}

Value OnnxNode::binary(nn::BinaryKind kind, Value a, Value b) {
  if (!present(*this, {a, b}))
    return {};
  if (kind != nn::BinaryKind::pow && dtype(a) != dtype(b)) {
    refuse(llvm::formatv("its operands have the element types {0} and {1}", name(dtype(a)), name(dtype(b))).str());
    return {};
  }
  std::optional<Shape> result = broadcastShape(*this, shape(a), shape(b));
  return result ? create<nn::BinaryOp>(type(isCompare(kind) ? DType::Bool : dtype(a), *result), kind, a, b) : Value();
}

Value OnnxNode::select(Value condition, Value a, Value b) {
  if (!present(*this, {condition, a, b}))
    return {};
  if (dtype(condition) != DType::Bool || dtype(a) != dtype(b)) {
    refuse("the condition is not bool, or the choices differ in element type");
    return {};
  }
  std::optional<Shape> choices = broadcastShape(*this, shape(a), shape(b));
  std::optional<Shape> result = choices ? broadcastShape(*this, shape(condition), *choices) : std::nullopt;
  return result ? create<nn::SelectOp>(type(dtype(a), *result), condition, a, b) : Value();
}

Value OnnxNode::cast(Value x, DType to, bool saturate) {
  if (!present(*this, {x}))
    return {};
  if (dtype(x) == to)
    return x;
  return create<nn::CastOp>(type(to, shape(x)), x, saturate);
}

Value OnnxNode::reshape(Value x, llvm::ArrayRef<int64_t> to) {
  if (!present(*this, {x}) || shape(x) == to)
    return ok() ? x : Value();
  if (elementCount(to) != elementCount(shape(x))) {
    refuse("a tensor of shape " + text(shape(x)) + " cannot take the shape " + text(to));
    return {};
  }
  return create<nn::ReshapeOp>(type(dtype(x), to), x);
}

Value OnnxNode::transpose(Value x, llvm::ArrayRef<int64_t> perm) {
  if (!present(*this, {x}))
    return {};
  if (!isPermutation(perm, shape(x).size())) {
    refuse(text(perm) + " does not permute the axes of a tensor of rank " + std::to_string(shape(x).size()));
    return {};
  }
  if (llvm::is_sorted(perm))
    return x;
  Shape to;
  for (int64_t axis : perm)
    to.push_back(shape(x)[axis]);
  return create<nn::TransposeOp>(type(dtype(x), to), x, perm);
}

Value OnnxNode::broadcast(Value x, llvm::ArrayRef<int64_t> to) {
  if (!present(*this, {x}) || shape(x) == to)
    return ok() ? x : Value();
  std::optional<Shape> both = broadcastShape(*this, shape(x), to);
  if (both && llvm::ArrayRef<int64_t>(*both) != to)
    refuse("a tensor of shape " + text(shape(x)) + " does not broadcast to " + text(to));
  return ok() ? create<nn::BroadcastOp>(type(dtype(x), to), x) : Value();
}

Value OnnxNode::slice(Value x, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps) {
  if (!present(*this, {x}))
    return {};
  size_t rank = shape(x).size();
  bool good = starts.size() == rank && sizes.size() == rank && steps.size() == rank;
  bool whole = good && shape(x) == sizes;
  for (size_t i = 0; good && i < rank; ++i) {
    good = insideAxis(starts[i], sizes[i], steps[i], shape(x)[i]);
    whole &= starts[i] == 0 && steps[i] == 1;
  }
  if (!good) {
    refuse("a slice with starts " + text(starts) + ", sizes " + text(sizes) + " and steps " + text(steps) + " leaves a tensor of shape " + text(shape(x)));
    return {};
  }
  if (whole)
    return x;
  return create<nn::SliceOp>(type(dtype(x), sizes), x, starts, steps);
}

Value OnnxNode::concat(ValueRange xs, int64_t axis) {
  if (ok() && (xs.empty() || llvm::is_contained(xs, Value())))
    refuse("a required operand is missing");
  if (!ok() || badAxis(axis, static_cast<int64_t>(shape(xs.front()).size())))
    return {};
  Shape to = shape(xs.front()).vec();
  for (Value x : xs.drop_front()) {
    Shape next = shape(x).vec();
    bool fits = next.size() == to.size() && dtype(x) == dtype(xs.front()) && !__builtin_add_overflow(to[axis], next[axis], &to[axis]);
    for (size_t i = 0; fits && i < to.size(); ++i)
      fits = static_cast<int64_t>(i) == axis || next[i] == to[i];
    if (!fits) {
      refuse("tensors of shape " + text(shape(xs.front())) + " and " + text(next) + " cannot be joined along axis " + std::to_string(axis));
      return {};
    }
  }
  return xs.size() == 1 ? xs.front() : create<nn::ConcatOp>(type(dtype(xs.front()), to), xs, static_cast<uint64_t>(axis));
}

Value OnnxNode::reduce(nn::ReduceKind kind, Value x, llvm::ArrayRef<int64_t> axes, bool keepDims) {
  if (!present(*this, {x}))
    return {};
  Shape sorted(axes.begin(), axes.end());
  for (int64_t &axis : sorted)
    if (badAxis(axis, static_cast<int64_t>(shape(x).size())))
      return {};
  llvm::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  Shape kept = shape(x).vec();
  Shape dropped;
  for (size_t i = 0; i < kept.size(); ++i) {
    bool reduced = llvm::is_contained(sorted, static_cast<int64_t>(i));
    if (!reduced)
      dropped.push_back(kept[i]);
    kept[i] = reduced ? 1 : kept[i];
  }
  Value y = create<nn::ReduceOp>(type(dtype(x), kept), kind, x, sorted);
  return keepDims || !ok() ? y : reshape(y, dropped);
}

Value OnnxNode::matmul(Value a, Value b) {
  if (!present(*this, {a, b}))
    return {};
  llvm::ArrayRef<int64_t> left = shape(a);
  llvm::ArrayRef<int64_t> right = shape(b);
  if (left.size() < 2 || right.size() < 2 || left.back() != right[right.size() - 2]) {
    refuse("the shapes " + text(left) + " and " + text(right) + " cannot be multiplied");
    return {};
  }
  std::optional<Shape> result = broadcastShape(*this, left.drop_back(2), right.drop_back(2));
  if (!result)
    return {};
  result->push_back(left[left.size() - 2]);
  result->push_back(right.back());
  bool bytes = dtype(a) == DType::I8 || dtype(a) == DType::U8;
  return create<nn::MatmulOp>(type(bytes ? DType::I32 : dtype(a), *result), a, b);
}

Value OnnxNode::softmax(Value x, int64_t axis, bool log) {
  if (!present(*this, {x}) || badAxis(axis, static_cast<int64_t>(shape(x).size())))
    return {};
  return create<nn::SoftmaxOp>(x.getType(), x, static_cast<uint64_t>(axis), log);
}

} // namespace ingot
