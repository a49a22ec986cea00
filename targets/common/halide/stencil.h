// What the generators share: a fused multiply-add where they write one, planes with the border written out, and the schedule of a
// stencil over such planes.
#ifndef INGOT_TARGETS_COMMON_HALIDE_STENCIL_H
#define INGOT_TARGETS_COMMON_HALIDE_STENCIL_H

#include "Halide.h"

namespace ingot {

/// a * b + c, rounded once. Halide 21 has no such node; a call of LLVM's intrinsic by its name becomes one vector instruction.
inline Halide::Expr fusedMultiplyAdd(Halide::Expr a, Halide::Expr b, Halide::Expr c) {
  using Halide::Internal::Call;
  return Call::make(Halide::Float(32), "llvm.fma.f32", {std::move(a), std::move(b), std::move(c)}, Call::PureExtern);
}

/// How the registers of a level are used.
struct TileShape {
  int lanes;  // columns
  int rows;   // output rows side by side
  int planes; // planes padded together: the more, the longer between a store and the loads that need it
};

/// A function of output column, row and plane over planes whose border is written out.
struct PlaneStencil {
  Halide::Func lines{"lines"}, tile{"tile"};
  Halide::Var ox{"ox"}, oy{"oy"}, c{"c"}, j{"j"}, r{"r"}, block{"block"};
  Halide::RDom in;

  /// lines(j, r, c) = x(j - padX, r - padY, c), `border` where x has no element. x [c][h][w] is read only where it exists: the vectors
  /// of the copy are masked.
  template <typename Planes> void pad(Planes &x, const Halide::Expr &padX, const Halide::Expr &padY, const Halide::Expr &border) {
    in = Halide::RDom(0, x.dim(0).extent(), 0, x.dim(1).extent(), "in");
    lines(j, r, c) = border;
    lines(in.x + padX, in.y + padY, c) = x(in.x, in.y, c);
  }

  /// y(ox, oy, c) = tile(ox, oy, c). A tile is computed whole, from memory of the stencil's own that reaches far enough; only what
  /// exists of it is stored.
  template <typename Output> void schedule(Output &y, TileShape shape) {
    using Halide::TailStrategy;
    Halide::Var inner("inner"), row("row"), column("column"), tileY("tileY"), tileX("tileX");
    y.split(c, block, inner, shape.planes, TailStrategy::GuardWithIf)
        .split(oy, tileY, row, shape.rows, TailStrategy::GuardWithIf)
        .split(ox, tileX, column, shape.lanes, TailStrategy::GuardWithIf)
        .reorder(column, row, tileY, tileX, inner, block)
        .vectorize(column)
        .unroll(row);
    y.never_partition(inner, block, tileY); // a loop of its own for the remainder would be twice the code
    tile.compute_at(y, tileY)
        .store_in(Halide::MemoryType::Stack)
        .bound_extent(ox, shape.lanes)
        .bound_extent(oy, shape.rows)
        .vectorize(ox, shape.lanes, TailStrategy::RoundUp)
        .unroll(oy, shape.rows, TailStrategy::RoundUp);
    lines.compute_at(y, block).vectorize(j, shape.lanes, TailStrategy::RoundUp);
    lines.update().allow_race_conditions().vectorize(in.x, shape.lanes, TailStrategy::GuardWithIf);
  }
};

} // namespace ingot

#endif
