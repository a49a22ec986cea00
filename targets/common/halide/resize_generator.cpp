// hl_resize2: linear interpolation of the last two axes of f32 planes from tables of two taps an axis, rows first, as in
// ukernels/resize.c: one chain of fused multiply-adds in tap order an axis; a tap of weight zero does not touch the sum.
#include "targets/common/halide/stencil.h"

using namespace Halide;

namespace {

class Resize : public Generator<Resize> {
public:
  Input<Buffer<float, 3>> x{"x"};                // [plane][h][w]
  Input<Buffer<int32_t, 3>> indexH{"indexH"};    // [1][tap][oh]; tap 0 negative: outside
  Input<Buffer<float, 3>> weightH{"weightH"};    // [1][tap][oh]
  Input<Buffer<int32_t, 3>> indexW{"indexW"};    // [1][tap][ow]
  Input<Buffer<float, 3>> weightW{"weightW"};    // [1][tap][ow]
  Input<float> outside{"outside"};
  Output<Buffer<float, 3>> y{"y"};               // [plane][oh][ow]

  void generate() {
    const Expr columns = x.dim(0).extent();
    Expr isRowOutside = indexH(oy, 0, 0) < 0;
    Expr value = select(isRowOutside, outside, 0.0f);
    for (int t = 0; t < 2; ++t) {
      Expr row = unsafe_promise_clamped(max(indexH(oy, t, 0), 0), 0, x.dim(1).extent() - 1);
      value = add(select(isRowOutside, 0.0f, weightH(oy, t, 0)), x(i, row, c), value);
    }
    line(i, oy, c) = value;
    Expr sum = 0.0f;
    for (int t = 0; t < 2; ++t)
      sum = add(weightW(ox, t, 0), line(unsafe_promise_clamped(max(indexW(ox, t, 0), 0), 0, columns - 1), oy, c), sum);
    y(ox, oy, c) = select(indexW(ox, 0, 0) < 0, outside, sum);
  }

  void schedule() {
    const int lanes = natural_vector_size<float>();
    y.vectorize(ox, lanes, TailStrategy::GuardWithIf);
    line.compute_at(y, oy).vectorize(i, lanes, TailStrategy::GuardWithIf);
  }

private:
  static Expr add(const Expr &weight, const Expr &value, const Expr &sum) {
    return select(weight != 0.0f, ingot::fusedMultiplyAdd(weight, value, sum), sum);
  }

  Func line{"line"};
  Var ox{"ox"}, oy{"oy"}, c{"c"}, i{"i"};
};

} // namespace

HALIDE_REGISTER_GENERATOR(Resize, resize)
