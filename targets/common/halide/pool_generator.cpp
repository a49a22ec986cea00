// hl_maxpool*, hl_avgpool*: pooling of f32 planes by taps x taps windows, one stride in both axes, as in ukernels/pool.c: taps in
// (kh, kw) order, a NaN wins a maximum, an average is the sum divided by the count. Averages are over `taps` x `taps`; with taps 0 the window is an
// argument, and maxima go along the lines first.
#include "targets/common/halide/stencil.h"

using namespace Halide;

namespace {

class Pool : public Generator<Pool> {
public:
  GeneratorParam<int> taps{"taps", 0}, stride{"stride", 1};
  GeneratorParam<int> rows{"rows", 4}, planes{"planes", 4};

  Input<Buffer<float, 3>> x{"x"};                                    // [plane][h][w]
  Input<int> padX{"padX"}, padY{"padY"};                             // columns and rows of the border before x
  Input<int> tapsX{"tapsX"}, tapsY{"tapsY"};                         // the window, if taps is 0
  Input<int> beginX{"beginX"}, endX{"endX"}, beginY{"beginY"}, endY{"endY"}; // columns and rows of x that an average counts
  Output<Buffer<float, 3>> y{"y"};                                   // [plane][h][w]

  void generate() {
    const float infinity = std::numeric_limits<float>::infinity();
    stencil.pad(x, padX, padY, taps == 0 ? -infinity : 0.0f);
    if (taps == 0) {
      separable(infinity);
    } else {
      Expr sum = 0.0f;
      for (int kh = 0; kh < taps; ++kh)
        for (int kw = 0; kw < taps; ++kw)
          sum = sum + stencil.lines(ox * stride + kw, oy * stride + kh, c);
      stencil.tile(ox, oy, c) = sum / (counted(ox * stride - padX, beginX, endX) * counted(oy * stride - padY, beginY, endY));
    }
    y(ox, oy, c) = stencil.tile(ox, oy, c);
  }

  void schedule() {
    const ingot::TileShape shape{natural_vector_size<float>(), rows, planes};
    stencil.schedule(y, shape);
    if (taps > 0)
      return;
    along.compute_at(y, stencil.block).vectorize(j, shape.lanes, TailStrategy::RoundUp);
    alongMaxima.compute_at(along, j).vectorize(j, shape.lanes, TailStrategy::RoundUp);
    alongMaxima.update().reorder(j, kw).vectorize(j, shape.lanes, TailStrategy::RoundUp);
    stencil.tile.update().reorder(ox, oy, kh).vectorize(ox, shape.lanes, TailStrategy::RoundUp).unroll(oy, shape.rows, TailStrategy::RoundUp);
  }

private:
  static Expr larger(const Expr &a, const Expr &x) { return select(x > a || x != x, x, a); }
  /// Taps of the window at column or row `at` that lie in [begin, end).
  Expr counted(const Expr &at, const Expr &begin, const Expr &end) const {
    return cast<float>(max(min(at + taps, end) - max(at, begin), 0));
  }
  void separable(float infinity) {
    kw = RDom(0, tapsX, "kw"), kh = RDom(0, tapsY, "kh");
    alongMaxima(j, r, c) = -infinity;
    alongMaxima(j, r, c) = larger(alongMaxima(j, r, c), stencil.lines(j * stride + kw, r, c));
    along(j, r, c) = alongMaxima(j, r, c);
    stencil.tile(ox, oy, c) = -infinity;
    stencil.tile(ox, oy, c) = larger(stencil.tile(ox, oy, c), along(ox, oy * stride + kh, c));
  }

  ingot::PlaneStencil stencil;
  Func along{"along"}, alongMaxima{"alongMaxima"};
  RDom kw, kh;
  Var ox = stencil.ox, oy = stencil.oy, c = stencil.c, j = stencil.j, r = stencil.r;
};

} // namespace

HALIDE_REGISTER_GENERATOR(Pool, pool)
