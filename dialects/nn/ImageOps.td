// Ops that sample images between their elements. Included by Ops.td.
#ifndef INGOT_DIALECTS_NN_IMAGEOPS
#define INGOT_DIALECTS_NN_IMAGEOPS

def Nn_ResizeMode : Enum<NnDialect, "ResizeMode", "interpolation", ["nearest", "linear", "cubic"]>;
def Nn_CoordMode : Enum<NnDialect, "CoordMode", "output index to input coordinate", [
  "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"]>;
def Nn_NearestMode : Enum<NnDialect, "NearestMode", "rounding of a nearest coordinate", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]>;
def Nn_ResizeOp : Nn_Op<"resize"> {
  let summary = "interpolates along any axes";
  let description = [{
    ONNX Resize: per axis `x = coord(i; scales)` and interpolation by `mode`; with `antialias` the support widens by 1/scale when shrinking.
    `scales` has one entry an axis; `roi` (2 x rank values) and `extrapolation` serve tf_crop_and_resize; `excludeOutside` drops and
    renormalises weights outside. Rule Z1: `scales` has as many entries as axes, each positive and finite.

    Example:
    ```mlir
    %y = nn.resize %x mode linear coord half_pixel nearest round_prefer_floor scales [1.0, 1.0, 2.0, 2.0] : (tensor<1x1x2x2xf32>) -> tensor<1x1x4x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Nn_ResizeMode:$mode, Nn_CoordMode:$coord, Nn_NearestMode:$nearest, DenseF64ArrayAttr:$scales,
    OptionalAttr<DenseF64ArrayAttr>:$roi, DefaultValuedAttr<F64Attr, "-0.75">:$cubicCoeff, DefaultValuedAttr<F64Attr, "0.0">:$extrapolation,
    UnitAttr:$excludeOutside, UnitAttr:$antialias);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `mode` $mode `coord` $coord `nearest` $nearest `scales` $scales attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_RoiAlignOp : Nn_Op<"roi_align"> {
  let summary = "means or maxima of samples on a grid over each box";
  let description = [{
    Image [N, H, W, C], boxes [R, 4] of (x0, y0, x1, y1), `batch` [R]: the image of a box, clamped to those there are. Result [R, h, w, C]. Along y (x likewise):
    start = y0 * scale - offset, size = (y1 * scale - offset) - start, at least 1 with `atLeastOne`, bin = size / h, n = `samples`, or ceil(bin) in
    0 .. 65536 when that is 0; sample i of bin p lies at (start + p * bin) + (i + 0.5) * bin / n. A sample outside [-1, H] is 0; others move into
    [0, H - 1] and weigh their four neighbours by (1 - part) and part. Every step up to the weights is rounded to the elements' type. Mean: the sum of the
    neighbours times weights in order of (y, x, lower, left first), one fused multiply-add each, over max(1, ny * nx). With `maximum`: the largest neighbour times
    its weight, NaN if one is; 0 without samples. Rows from `rows` on are 0. Rule I1: image, boxes and result are f32 or f64 alike, batch is i64, rows an i64
    scalar; shapes agree; no extent of the image is 0; samples >= 0.

    Example:
    ```mlir
    %y = nn.roi_align %x, %b, %n samples 2 scale 0.5 offset 0.5 : (tensor<1x8x8x3xf32>, tensor<4x4xf32>, tensor<4xi64>) -> tensor<4x2x2x3xf32>
    ```
  }];
  let arguments = (ins Tensor:$image, Tensor:$boxes, Tensor:$batch, Optional<Tensor>:$rows, I64Attr:$samples, F64Attr:$scale, F64Attr:$offset,
    UnitAttr:$atLeastOne, UnitAttr:$maximum);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$image `,` $boxes `,` $batch (`rows` $rows^)? `samples` $samples `scale` $scale `offset` $offset attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
