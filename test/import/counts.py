"""Writes models in which operators take values whose extents depend on data, with golden.npz from ONNX's reference evaluator: counts.py OUT SEED."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import parser
from onnx.reference import ReferenceEvaluator

HEAD = '<ir_version: 9, opset_import: ["" : 18]>'
ROWS = "g (float[6, 3] x, bool[6] c, bool[6] d) => "  # r: rows of x that c marks; what lies behind them is row 0, which is large and not marked

CASES = {
    "top": ROWS + """(float[a] v, int64[a] i, float[b] least, float[e, 2] wide, int64[f] best) <int64[1] three = {3}, int64[1] two = {2}, int64[1] zero = {0}, int64[1] one = {1}, int64[2] all = {0, 1}> {
  r = Compress<axis = 0>(x, c)
  s = ReduceSum<keepdims = 0>(r, one)
  n = Shape(s)
  both = Concat<axis = 0>(three, n)
  k = ReduceMin<keepdims = 1>(both)
  v, i = TopK(s, k)
  least, where = TopK<largest = 0>(s, k)
  wide, columns = TopK<axis = 1>(r, two)
  m = Compress<axis = 0>(x, d)
  t = ReduceMax<keepdims = 0>(m, one)
  p = Shape(t)
  few = Min(p, two)
  high, best = TopK(t, few)
}""",
    "joined": ROWS + """(float[a, 3] y, float[b, 3] z, float[7] fixed, float[e, 3] halves) <int64[1] seven = {7}, int64[1] zero = {0}, int64[1] one = {1}, float[1] minus = {-1}> {
  r = Compress<axis = 0>(x, c)
  q = Compress<axis = 0>(x, d)
  y = Concat<axis = 0>(r, q, x, r)
  z = Concat<axis = -2>(x, q)
  s = ReduceSum<keepdims = 0>(r, one)
  n = Shape(s)
  left = Sub(seven, n)
  rest = Expand(minus, left)
  fixed = Concat<axis = 0>(s, rest)
  w = Concat<axis = 0>(q, r)
  h = Neg(w)
  halves = Add(w, h)
}""",
    "padded": ROWS + """(float[8] y, float[a, 3] z, float[6, 4] turned) <int64[2] pairs = {-1, 2}, int64[1] zero = {0}, int64[1] last = {-1}, int64[1] least = {-9223372036854775807}, int64[1] all = {-1}, int64[3] none = {0, 1, 0}, int64[1] six = {6}, int64[1] one = {1}, int64[1] two = {2}, int64[4] edges = {1, 0, 2, 0}, float nine = {9}> {
  r = Compress<axis = 0>(x, c)
  s = ReduceSum<keepdims = 0>(r, one)
  n = Shape(s)
  left = Sub(six, n)
  pads = Concat<axis = 0>(two, left)
  y = Pad(s, pads, nine)
  z = Pad(r, edges)
  amounts = Concat<axis = 0>(none, left)
  rows = Reshape(amounts, pairs)
  swapped = Slice(rows, last, least, zero, last)
  columns = Transpose(swapped)
  flat = Reshape(columns, all)
  turned = Pad(r, flat)
}""",
    "cut": ROWS + """(float[a, 3] tail, float[b, 3] head, float[e, 2] last, float[f, 3] odd, int64[g] up, float[h, 3] middle, float[i, 3] turned, float[j, 2] third)
  <int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] far = {9223372036854775807}, int64[1] back = {-2}, int64[2] starts = {-1, 1}, int64[2] ends = {9999, 3}, int64 begin = {0}, int64 step = {1},
   int64[1] minus = {-1}, int64[1] least = {-9223372036854775807}, int64[2] from = {4, 2}, int64[2] to = {0, 0}, int64[2] axes = {0, 1}, int64[2] steps = {-2, -1}> {
  r = Compress<axis = 0>(x, c)
  tail = Slice(r, one, far, zero)
  head = Slice(r, zero, two, zero)
  last = Slice(r, starts, ends)
  odd = Slice(r, one, far, zero, two)
  n = Shape<end = 1>(r)
  m = Squeeze(n)
  up = Range(begin, m, step)
  k = Div(n, two)
  middle = Slice(x, k, n, zero)
  turned = Slice(r, minus, least, zero, minus)
  third = Slice(r, from, to, axes, steps)
}""",
    "laid": ROWS + """(float[3, a, 1] y, float[b] flat, float[e] turned, float[f, 3] back, float[1, g] line) <int64[3] column = {0, -1, 1}, int64[1] all = {-1}, int64[2] threes = {-1, 3}> {
  r = Compress<axis = 0>(x, c)
  t = Transpose(r)
  y = Reshape(t, column)
  flat = Reshape(r, all)
  turned = Reshape(t, all)
  back = Reshape(flat, threes)
  line = Flatten<axis = 0>(t)
}""",
    "picked": ROWS + """(float[2, 3] ends, float[a, 3] rows, float[b] single, float[e, 1] column, float[f, 3] sorted) <int64[2] both = {0, -1}, int64[1] one = {1}, int64 zero = {0}, int64[1] first = {0}> {
  r = Compress<axis = 0>(x, c)
  ends = Gather(r, both)
  s = ReduceSum<keepdims = 0>(r, one)
  n = Shape(s)
  v, i = TopK(s, n)
  rows = Gather(r, i)
  u = Unsqueeze(i, one)
  single = GatherND(s, u)
  t = Slice(r, first, one, one)
  column = GatherElements<axis = 0>(t, u)
  whole = Shape(r)
  w = Expand(u, whole)
  sorted = GatherElements(r, w)
}""",
    "mixed": ROWS + """(int64[3] most, int64[1, 3] least, float[a, 3] shares, float[b, 3] running, int64[2, e] found, float[3, 3] square, int64 top) <int64 zero = {0}, float half = {0.5}> {
  r = Compress<axis = 0>(x, c)
  h = Neg(r)
  most = ArgMax<axis = 0, keepdims = 0>(r)
  least = ArgMin<axis = 0>(h)
  shares = Softmax<axis = 0>(r)
  running = CumSum<reverse = 1>(r, zero)
  above = Greater(r, half)
  found = NonZero(above)
  t = Transpose(r)
  square = MatMul(t, r)
  i = Cast<to = 7>(r)
  axes = Constant<value = int64[2] {0, 1}>()
  top = ReduceMax<keepdims = 0>(i, axes)
}""",
    "chosen-again": ROWS + """(float[a, 3] y, float[b, 3] z) <float half = {0.5}, int64 column = {1}, int64[1] one = {1}> {
  r = Compress<axis = 0>(x, c)
  v = Gather<axis = 1>(r, column)
  w = Greater(v, half)
  y = Compress<axis = 0>(r, w)
  p = NonZero(w)
  f = Squeeze(p)
  i = Transpose(p)
  z = GatherND(r, i)
}""",
    "written": ROWS + """(float[a, 3] y, float[b, 3] z) <float half = {0.5}, int64 column = {0}, int64[1] one = {1}, int64[1] zero = {0}, int64[1] all = {-1}> {
  r = Compress<axis = 0>(x, c)
  v = Gather<axis = 1>(r, column)
  w = Greater(v, half)
  p = NonZero(w)
  i = Transpose(p)
  u = GatherND(r, i)
  n = Neg(u)
  y = ScatterND(r, i, n)
  s = Shape(u)
  e = Expand(i, s)
  z = ScatterElements<axis = 0>(y, e, u)
}""",
    "pictures": """g (float[4, 2, 6, 6] x, bool[4] c, float[3, 2, 3, 3] w, float[5, 4] rois, bool[5] taken, int64[5] which) => (float[a, 12] y, float[b, 2, 2, 2] r) {
  p = Compress<axis = 0>(x, c)
  h = Conv<pads = [1, 1, 1, 1]>(p, w)
  m = MaxPool<kernel_shape = [3, 3], strides = [3, 3]>(h)
  y = Flatten(m)
  boxes = Compress<axis = 0>(rois, taken)
  numbers = Compress<axis = 0>(which, taken)
  r = RoiAlign<output_height = 2, output_width = 2, sampling_ratio = 2>(x, boxes, numbers)
}""",
    "boxes": """g (float[8, 4] b, float[8] s, bool[8] c) => (int64[a, 3] y, float[e, 4] kept) <int64[1] first = {0}, int64[2] two = {0, 1}, int64[1] most = {9223372036854775807}, float[1] iou = {0.3}, int64[1] last = {2}, int64[1] three = {3}, int64[1] one = {1}> {
  q = Compress<axis = 0>(b, c)
  t = Compress<axis = 0>(s, c)
  boxes = Unsqueeze(q, first)
  scores = Unsqueeze(t, two)
  y = NonMaxSuppression(boxes, scores, most, iou)
  column = Slice(y, last, three, one)
  i = Squeeze(column, one)
  few = Slice(i, first, three)
  kept = Gather(q, few)
}""",
    "branches": ROWS + """(float[a, 3] y, float[b, 3] z) <int64 four = {4}, int64[1] one = {1}, int64[1] zero = {0}, int64[1] two = {2}> {
  r = Compress<axis = 0>(x, c)
  n = Shape(r)
  k = Size(r)
  many = Greater(k, four)
  y = If(many)<then_branch = t () => (float[p, 3] u) { u = Slice(r, zero, two, zero) }, else_branch = e () => (float[q, 3] v) { v = Concat<axis = 0>(x, r) }>
  z = If(many)<then_branch = tt () => (float[p, 3] uu) { uu = Identity(x) }, else_branch = ee () => (float[q, 3] vv) { vv = Slice(x, zero, two, zero) }>
}""",
    "loops": ROWS + """(float[3] total, float[a, 3] rows, float[b] grown) <int64[1] zero = {0}, bool go = {1}, float[3] none = {0, 0, 0}, int64[1] one = {1}, int64 first = {0}, float[1] begin = {7}> {
  r = Compress<axis = 0>(x, c)
  n = Shape<end = 1>(r)
  m = Squeeze(n)
  total, grown, rows = Loop(m, go, none, begin)<body = body (int64 i, bool on, float[3] sum, float[p] list) => (bool again, float[3] next, float[q] longer, float[3] row) {
    again = Identity(on)
    row = Gather(r, i)
    next = Add(sum, row)
    f = Slice(row, zero, one)
    longer = Concat<axis = 0>(list, f)
  }>
}""",
}


def value_of(info, rng):
    shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
    kind = info.type.tensor_type.elem_type
    if kind == onnx.TensorProto.BOOL:
        marked = rng.random(shape) < 0.6
        marked[0], marked[1:3] = False, True
        return marked
    if kind == onnx.TensorProto.INT64:
        return rng.integers(0, 4, shape)
    x = rng.standard_normal(shape).astype("f4")
    if info.name in ("b", "rois"):
        corner = rng.integers(0, 4, (shape[0], 2))
        return np.concatenate([corner, corner + rng.integers(1, 3, (shape[0], 2))], 1).astype("f4")
    x[0] = 50 if x.ndim < 4 else x[0]
    return x


rng = np.random.default_rng(int(sys.argv[2]))
for name, text in CASES.items():
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    model = parser.parse_model(HEAD + text)
    inputs = {i.name: value_of(i, rng) for i in model.graph.input}
    outputs = ReferenceEvaluator(model).run(None, inputs)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + n: v for n, v in inputs.items()}, **{"out|" + o.name: v for o, v in zip(model.graph.output, outputs)})
