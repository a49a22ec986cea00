"""Writes models whose outputs have extents that depend on data, models with sequences, and models of opset 6, with their golden.npz: extents.py OUT."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import parser

NEW, OLD = ('<ir_version: 8, opset_import: ["" : %d]>' % version for version in (17, 6))
X = np.array([[0, 3, 0], [2, 0, -1]], "f4")
U = np.array([2, 1, 1, 3, 2, -4], "f4")
W, B = np.array([[1, -1, 0.5], [2, 0, -1]], "f4"), np.array([0, 1, -2], "f4")
ROWS = np.array([[1, 0], [1, 0], [2, 3], [1, -1]], "f4")


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def boxes(centre):
    """Three pairs of boxes that overlap by nine tenths, and what is left of them, best first."""
    corners = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101], [0, 0.05, 1, 1.05]], "f4")
    if centre:
        y, x, h, w = corners[:, 0], corners[:, 1], corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        corners = np.stack([x + w / 2, y + h / 2, w, h], 1)
    scores = np.array([[0.9, 0.75, 0.6, 0.95, 0.5, 0.3], [0.1, 0.2, 0.3, 0.2, 0.1, 0.9]], "f4")
    picked = [[0, 0, 3], [0, 0, 0], [0, 0, 4], [0, 1, 5], [0, 1, 2]]
    return corners[None], scores[None], np.array(picked, "i8")


NMS = """g (float[1, 6, 4] boxes, float[1, 2, 6] scores) => (int64[n, 3] y) <int64 most = {4}, float iou = {0.5}, float low = {0.25}> {
  y = NonMaxSuppression<center_point_box = %d>(boxes, scores, most, iou, low)
}"""


def many_boxes():
    """All of 600 boxes may be kept; each overlaps the next by a half and is taken when none of its neighbours is."""
    place = np.arange(600, dtype="f4")
    corners = np.stack([0 * place, place, 0 * place + 1, place + 2], 1)[None]
    score = np.random.default_rng(1).permutation(600).astype("f4")
    kept = []
    for i in np.argsort(-score):
        if not any(abs(i - k) < 2 for k in kept):
            kept.append(i)
    return dict(boxes=corners, scores=score[None, None]), dict(y=np.array([[0, 0, k] for k in kept], "i8"))


ALL = """g (float[1, 600, 4] boxes, float[1, 1, 600] scores) => (int64[n, 3] y) <int64 most = {9223372036854775807}, float iou = {0.25}> {
  y = NonMaxSuppression(boxes, scores, most, iou)
}"""
UNIQUE = "g (float[6] x) => (float[a] y, int64[b] first, int64[6] back, int64[c] counts) { y, first, back, counts = Unique<sorted = %d>(x) }"


def unique(order):
    values, first, back, counts = np.unique(U, return_index=True, return_inverse=True, return_counts=True)
    if not order:
        by_first = np.argsort(first)
        place = np.argsort(by_first)
        values, first, counts, back = values[by_first], first[by_first], counts[by_first], place[back]
    return dict(y=values, first=first, back=back.reshape(-1).astype("i8"), counts=counts)


MANY, TAKEN = np.array([[2, 3], [9, 9], [4, 5], [-9, -9]], "f4"), np.array([1, 0, 1, 0], "?")


def scattered():
    """Rows 0 and 2 of MANY added to row -1 and row 2 of ROWS, and put there."""
    y, z = ROWS.copy(), ROWS.copy()
    y[[3, 2]] += MANY[TAKEN]
    z[[3, 2]] = MANY[TAKEN]
    return dict(y=y, z=z)


CASES = {
    "nonzero": (NEW + "g (float[2, 3] x) => (int64[2, n] y) { y = NonZero(x) }", dict(x=X), dict(y=np.stack(np.nonzero(X)))),
    "compress": (NEW + "g (float[2, 3] x, bool[3] c) => (float[2, n] y) { y = Compress<axis = 1>(x, c) }", dict(x=X, c=np.array([1, 0, 1], "?")), dict(y=X[:, [0, 2]])),
    "compress-none": (NEW + "g (float[2, 3] x, bool[4] c) => (float[n] y) { y = Compress(x, c) }", dict(x=X, c=np.zeros(4, "?")), dict(y=np.zeros(0, "f4"))),
    "unique": (NEW + UNIQUE % 1, dict(x=U), unique(True)), "unique-unsorted": (NEW + UNIQUE % 0, dict(x=U), unique(False)),
    "unique-rows": (NEW + "g (float[4, 2] x) => (float[n, 2] y) { y = Unique<axis = 0>(x) }", dict(x=ROWS), dict(y=np.unique(ROWS, axis=0))),
    "sequence": (NEW + """g (float[2, 3] x) => (float[3, 3] y, int64 n) <int64 last = {-1}> {
  s = SplitToSequence<axis = 0>(x)
  one = SequenceAt(s, last)
  t = SequenceInsert(s, one)
  n = SequenceLength(t)
  y = ConcatFromSequence<axis = 0>(t)
}""", dict(x=X), dict(y=X[[0, 1, 1]], n=np.int64(3))),
    "quantised-shape": (NEW + """g (float[2, 3] x) => (float[3, 2] y) <float six = {6}, float two = {2}, float scale = {0.5}, uint8 zero = {128}, int64[1] rest = {-1}, int64[1] front = {0}> {
  q = QuantizeLinear(six, scale, zero)
  d = DequantizeLinear(q, scale, zero)
  q1 = QuantizeLinear(two, scale, zero)
  d1 = DequantizeLinear(q1, scale, zero)
  h = Div(d, d1)
  n = Cast<to = 7>(h)
  u = Unsqueeze(n, front)
  s = Concat<axis = 0>(u, rest)
  y = Reshape(x, s)
}""", dict(x=X), dict(y=X.reshape(3, 2))),
    "unnamed": (NEW + "g (float[a, b] x) => (float[c, d] y) { y = Neg(x) }", dict(x=X), dict(y=-X)),
    "follow-values": (NEW + """g (float[2, 3] x) => (float[n, 1] y, int64[n, 2] p) {
  c = NonZero(x)
  p = Transpose<perm = [1, 0]>(c)
  v = GatherND(x, p)
  one = Constant<value = int64[1] {1}>()
  u = Unsqueeze(v, one)
  two = Constant<value = float {2}>()
  t = Mul(two, u)
  e = Exp(u)
  y = Add(t, e)
}""", dict(x=X), dict(y=(2 * X[np.nonzero(X)] + np.exp(X[np.nonzero(X)]))[:, None], p=np.transpose(np.nonzero(X)))),
    "follow-rows": (NEW + """g (float[4, 2] x, bool[4] c, float[2, 3] w, float[3] b) => (float[n, 3] y, float[n] most, float[2, n] both) {
  r = Compress<axis = 0>(x, c)
  h = Gemm(r, w, b)
  y = Softmax<axis = 1>(h)
  most = ReduceMax<axes = [-1], keepdims = 0>(r)
  j = Concat<axis = 1>(r, h)
  first = Constant<value = int64[2] {0, 3}>()
  g = Gather<axis = 1>(j, first)
  both = Transpose(g)
}""", dict(x=ROWS, c=np.array([1, 0, 1, 1], "?"), w=W, b=B), dict(y=softmax(ROWS[[0, 2, 3]] @ W + B), most=ROWS[[0, 2, 3]].max(1),
                                                               both=np.stack([ROWS[[0, 2, 3], 0], (ROWS[[0, 2, 3]] @ W + B)[:, 1]]))),
    "columns": (NEW + """g (float[2, 3] x) => (int64[n] row, int64[n, 1] column) <int64[2] parts = {1, 1}, int64[1] one = {1}> {
  c = NonZero(x)
  p = Transpose<perm = [1, 0]>(c)
  first, column = Split<axis = 1>(p, parts)
  row = Squeeze(first, one)
}""", dict(x=X), dict(row=np.nonzero(X)[0], column=np.nonzero(X)[1][:, None])),
    "counts": (NEW + """g (float[4, 2] x, bool[4] c) => (int64[2] s, int64 e, float[n] flat, float[n, 1, 2] deep, float[n, 3] wide, float[n, 2] same, int64[3, n] fives)
  <int64[1] zero = {0}, int64[1] three = {3}, int64[2] thin = {-1, 1}, int64[1] last = {1}, int64[3] deeper = {0, 1, -1}, int64[2] ones = {1, 2}> {
  r = Compress<axis = 0>(x, c)
  s = Shape(r)
  e = Size(r)
  n = Gather(s, zero)
  l = ReduceSum<keepdims = 1>(r, last)
  flat = Reshape(l, n)
  deep = Reshape(r, deeper)
  t = Concat<axis = 0>(n, three)
  column = Reshape(flat, thin)
  wide = Expand(column, t)
  same = Expand(r, ones)
  i = Cast<to = 6>(n)
  k = Cast<to = 7>(i)
  u = Concat<axis = 0>(three, k)
  fives = ConstantOfShape<value = int64[1] {5}>(u)
}""",
               dict(x=ROWS, c=np.array([1, 0, 1, 1], "?")),
               dict(s=np.array([3, 2]), e=np.array(6), flat=ROWS[[0, 2, 3]].sum(1), deep=ROWS[[0, 2, 3]][:, None],
                    wide=np.repeat(ROWS[[0, 2, 3]].sum(1)[:, None], 3, 1),
                    same=ROWS[[0, 2, 3]], fives=np.full((3, 3), 5))),
    "reduced": (NEW + """g (float[4, 2] x, bool[4] c) => (float[2] sum, float mean, float[1, 2] most, float[2] least, float[2] product, float[2] length)
  <int64[1] zero = {0}> {
  r = Compress<axis = 0>(x, c)
  sum = ReduceSum<keepdims = 0>(r, zero)
  mean = ReduceMean<keepdims = 0>(r)
  h = Neg(r)
  most = ReduceMax<axes = [0]>(h)
  g = Exp(r)
  least = ReduceMin<axes = [-2], keepdims = 0>(g)
  product = ReduceProd<axes = [0], keepdims = 0>(h)
  length = ReduceL2<axes = [0], keepdims = 0>(r)
}""", dict(x=MANY, c=TAKEN), dict(sum=MANY[TAKEN].sum(0), mean=MANY[TAKEN].mean(), most=-MANY[TAKEN].min(0, keepdims=True),
                                least=np.exp(MANY[TAKEN].min(0)),
                                product=MANY[TAKEN].prod(0), length=np.sqrt((MANY[TAKEN] ** 2).sum(0)))),
    "scattered": (NEW + """g (float[4, 2] x, bool[4] c, int64[4] where, float[4, 2] base) => (float[4, 2] y, float[4, 2] z)
  <int64[1] one = {1}> {
  r = Compress<axis = 0>(x, c)
  w = Compress<axis = 0>(where, c)
  p = Unsqueeze(w, one)
  s = Shape(r)
  q = Expand(p, s)
  y = ScatterElements<axis = 0, reduction = "add">(base, q, r)
  z = ScatterND(base, p, r)
}""", dict(x=MANY, c=TAKEN, where=np.array([-1, 0, 2, 3]), base=ROWS), scattered()),
    "written": (NEW + """g (float[4, 2] x, bool[4] c) => (float[4, 2] y, float[n] first, float[m] short)
  <int64[1] zero = {0}, int64[1] one = {1}, int64[1] all = {-1}, int64[2] whole = {4, 2}, float[3] few = {1, 2, 3}> {
  r = Compress<axis = 0>(x, c)
  h = Neg(r)
  f = Reshape(h, all)
  column = Unsqueeze(c, one)
  mask = Expand(column, whole)
  p = NonZero(mask)
  q = Transpose(p)
  s = Shape<end = 1>(q)
  u = Slice(f, zero, s, zero)
  y = ScatterND(x, q, u)
  flat = Reshape(x, all)
  first = Slice(flat, zero, s)
  short = Slice(few, zero, s)
}""", dict(x=MANY, c=TAKEN), dict(y=np.where(TAKEN[:, None], -MANY, MANY), first=MANY.reshape(-1)[:4], short=np.array([1, 2, 3], "f4"))),
    "optional": (NEW + """g (float[2, 3] x) => (float[2, 3] y, bool a, bool b) {
  o = Optional(x)
  a = OptionalHasElement(o)
  e = Optional<type = float[2]>()
  b = OptionalHasElement(e)
  y = OptionalGetElement(o)
}""", dict(x=X), dict(y=X, a=np.array(True), b=np.array(False))),
    "opset6": (OLD + """g (float[2, 3, 4] x, float[3] b, float[3] slope) => (float[2, 3, 4] y, bool[2, 3, 4] z) {
  a = Add<axis = 1, broadcast = 1>(x, b)
  y = PRelu(a, slope)
  z = Less<axis = 1, broadcast = 1>(x, b)
}""", dict(x=np.arange(-12, 12, dtype="f4").reshape(2, 3, 4), b=np.array([1, 2, 3], "f4"), slope=np.array([0.5, 0, -1], "f4")), None),
}
for centre in (0, 1):
    corners, scores, picked = boxes(centre)
    CASES[f"boxes-{centre}"] = (NEW + NMS % centre, dict(boxes=corners, scores=scores), dict(y=picked))
CASES["boxes-many"] = (NEW + ALL, *many_boxes())
given = CASES["opset6"][1]
total = given["x"] + given["b"][:, None]
results = dict(y=np.where(total < 0, total * given["slope"][:, None], total), z=given["x"] < given["b"][:, None])
CASES["opset6"] = CASES["opset6"][:2] + (results,)
for name, (text, inputs, outputs) in CASES.items():
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    model = parser.parse_model(text)
    if name == "unnamed":  # as PaddlePaddle writes dimensions that it does not know
        for dim in model.graph.input[0].type.tensor_type.shape.dim:
            dim.dim_param = "?"
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + n: v for n, v in inputs.items()}, **{"out|" + n: v for n, v in outputs.items()})
