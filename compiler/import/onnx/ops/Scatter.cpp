// Operators that add up overlapping blocks: Col2Im.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

/// The geometry of Col2Im: blocks slide over the padded image.
struct Blocks {
  Ints image, padded, counts; // extents of image, image with borders, and positions of the block
  Window window;
  int64_t places = 1, elements = 1, area = 1; // positions, elements of a block, elements of the padded image
};

static std::optional<Blocks> readBlocks(OnnxNode &node) {
  std::optional<Ints> image = needInts(node, 1, "image_shape");
  std::optional<Ints> block = image ? needInts(node, 2, "block_shape") : std::nullopt;
  if (!block)
    return std::nullopt;
  std::optional<Window> window = readWindow(node, *image, *block);
  std::optional<Ints> counts = window ? windowExtents(node, *window, *image, false) : std::nullopt;
  if (!counts)
    return std::nullopt;
  Blocks blocks;
  blocks.image = *image;
  blocks.window = *window;
  blocks.counts = *counts;
  for (size_t i = 0; i < image->size(); ++i)
    blocks.padded.push_back((*image)[i] + window->low[i] + window->high[i]);
  std::optional<int64_t> places = elementCount(*counts), elements = elementCount(*block), area = elementCount(blocks.padded);
  if (!elementCount(*image) || !places || !elements || !area || *places > (int64_t(1) << 28) / std::max<int64_t>(*elements, 1)) {
    node.refuse("the image or block is out of range");
    return std::nullopt;
  }
  blocks.places = *places;
  blocks.elements = *elements;
  blocks.area = *area;
  return blocks;
}

/// For every (element of the block, position) the element of the padded image that it falls on.
static Ints targetsOf(const Blocks &b) {
  Ints targets;
  for (int64_t e = 0; e < b.elements; ++e)
    for (int64_t p = 0; p < b.places; ++p) {
      int64_t element = e, place = p, stride = 1, target = 0;
      for (size_t i = b.image.size(); i-- > 0;) {
        target += stride * ((place % b.counts[i]) * b.window.strides[i] + (element % b.window.kernel[i]) * b.window.dilations[i]);
        place /= b.counts[i];
        element /= b.window.kernel[i];
        stride *= b.padded[i];
      }
      targets.push_back(target);
    }
  return targets;
}

static void importCol2Im(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Blocks> b = readBlocks(node);
  if (!b || !needRank(node, x, 3, 3, "input"))
    return;
  llvm::ArrayRef<int64_t> xs = node.shape(x);
  if (xs[1] % b->elements != 0 || xs[2] != b->places)
    return node.refuse("the input does not fit image and block");
  int64_t batch = xs[0], channels = xs[1] / b->elements, count = b->elements * b->places;
  Value targets = node.broadcast(node.constantOf(Tensor::vectorI64(targetsOf(*b))), {batch, channels, count});
  Value zeros = splat(node, node.dtype(x), {batch, channels, b->area}, 0);
  Value updates = node.reshape(x, {batch, channels, count});
  if (!node.ok())
    return;
  Value flat = node.create<nn::ScatterElementsOp>({zeros.getType()}, nn::ScatterKind::add, zeros, targets, updates, uint64_t(2));
  Ints padded = {batch, channels}, sizes = padded, starts = {0, 0};
  llvm::append_range(padded, b->padded);
  llvm::append_range(sizes, b->image);
  llvm::append_range(starts, b->window.low);
  node.setOutput(0, node.slice(node.reshape(flat, padded), starts, sizes, Ints(padded.size(), 1)));
}

void registerScatter(OnnxOpRegistry &registry) { addRows(registry, "", {{"Col2Im", 18, 3, importCol2Im}}); }

} // namespace ingot
