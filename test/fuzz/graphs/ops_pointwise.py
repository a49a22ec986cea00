"""Operators of the random graphs that work element by element, on reductions and on places: arithmetic, logic, casts, broadcasts, shapes, gathers."""
import numpy as np

from graph import F32, F64, Refused

OPERATORS = {}


def operator(*names):
    """Registers a function (graph, operator name) for each name."""

    def register(function):
        for name in names:
            OPERATORS[name] = function
        return function

    return register


def is_float(v):
    return v.array.dtype in (F32, F64)


def is_f32(v):
    return v.array.dtype == F32


def is_number(v):
    return v.array.dtype.kind in "fiu"


def of_rank(*ranks):
    return lambda v: v.array.ndim in ranks and is_f32(v)


def broadcastable(g, array, dtype=None, low=-2.0, high=2.0):
    """Numbers of a shape that broadcasts against the array: axes dropped in front, others made 1."""
    shape = [d if g.chance(0.6) else 1 for d in array.shape][int(g.rng.integers(array.ndim + 1)):]
    return g.numbers(shape, dtype or array.dtype, low, high)


def second(g, value, low=-2.0, high=2.0):
    """An operand beside `value`: another value of the same type and a shape that broadcasts, or new numbers."""
    if g.chance(0.5):
        def fits(v):
            if v.array.dtype != value.array.dtype or v.array.min() < low or v.array.max() > high:
                return False
            return all(a == b or 1 in (a, b) for a, b in zip(v.array.shape[::-1], value.array.shape[::-1]))
        try:
            return g.pick(fits)
        except Refused:
            pass
    return g.operand(broadcastable(g, value.array, None, low, high))


@operator("Relu", "Tanh", "Sigmoid", "Erf", "Abs", "Neg", "Softplus", "Softsign", "HardSwish", "Mish", "Ceil", "Floor", "Round", "Sign", "Identity", "Sin",
          "Cos", "Atan", "Asinh", "IsNaN")
def unary(g, op):
    g.add(op, [g.pick(is_f32 if op not in ("Abs", "Neg", "Sign", "Identity") else is_number)])


@operator("Exp", "Sinh", "Cosh", "Tan", "Log", "Sqrt", "Reciprocal", "Acosh", "Asin", "Acos", "Atanh")
def bounded_unary(g, op):
    low, high = {"Log": (0.01, 1e9), "Sqrt": (0.001, 1e9), "Reciprocal": (0.05, 1e9), "Acosh": (1.1, 1e9), "Asin": (-0.95, 0.95), "Acos": (-0.95, 0.95),
                 "Atanh": (-0.9, 0.9), "Tan": (-1.2, 1.2)}.get(op, (-4, 4))
    value = g.pick(is_f32)
    if value.array.min() < low or value.array.max() > high:
        middle = g.constant(np.float32(1.5 if low > -0.5 else 0.0))
        value = g.add("Add", [g.add("Abs", [value]) if low > -0.5 else g.add("Mul", [g.add("Sigmoid", [value]), g.constant(np.float32(0.8))]), middle])
    g.add(op, [value])


@operator("LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "HardSigmoid", "Gelu", "Shrink")
def parametric(g, op):
    alpha = round(float(g.rng.uniform(0.05, 0.9)), 3)
    attributes = {"LeakyRelu": {"alpha": alpha}, "Elu": {"alpha": alpha}, "Selu": {"alpha": alpha, "gamma": 1.1}, "Celu": {"alpha": alpha + 0.3},
                  "ThresholdedRelu": {"alpha": alpha}, "HardSigmoid": {"alpha": alpha, "beta": 0.4}, "Gelu": {"approximate": g.choose(["none", "tanh"])},
                  "Shrink": {"lambd": alpha, "bias": 0.1}}[op]
    g.add(op, [g.pick(is_f32)], **attributes)


@operator("Add", "Sub", "Mul", "Max", "Min", "Div", "Pow", "PRelu", "Mod", "Mean", "Sum")
def binary(g, op):
    value = g.pick(is_f32 if op in ("Pow", "PRelu", "Mean", "Mod", "Sum") else is_number)
    if op == "Div":
        return g.add(op, [value, g.operand(broadcastable(g, value.array, None, 1, 4))])
    if op == "Pow":
        return g.add(op, [g.add("Abs", [value]), g.constant(np.float32(g.choose([2, 0.5, 3])))])
    if op == "PRelu":
        return g.add(op, [value, g.constant(broadcastable(g, value.array, None, 0, 1))])
    if op == "Mod":
        whole = g.add("Cast", [g.add("Round", [value])], to=7)
        return g.add(op, [whole, g.constant(np.int64(g.choose([3, -4, 7])))])
    other = second(g, value, -50, 50)
    if op in ("Mean", "Max", "Min", "Sum") and g.chance(0.3):
        return g.add(op, [value, other, second(g, value, -50, 50)])
    operands = [value, other] if g.chance(0.6) else [other, value]
    g.add(op, operands)


@operator("Less", "Greater", "Equal", "LessOrEqual", "GreaterOrEqual")
def compare(g, op):
    value = g.pick(is_number)
    g.add(op, [value, second(g, value, -50, 50)])


@operator("And", "Or", "Xor")
def logic(g, op):
    value = g.pick(lambda v: v.array.dtype == np.bool_)
    g.add(op, [value, g.constant(g.numbers(value.array.shape, np.bool_))])


@operator("Not")
def negate(g, op):
    g.add(op, [g.pick(lambda v: v.array.dtype == np.bool_)])


@operator("Where")
def where(g, op):
    condition = g.pick(lambda v: v.array.dtype == np.bool_)
    low = g.operand(broadcastable(g, condition.array, F32))
    g.add(op, [condition, low, g.operand(broadcastable(g, condition.array, F32))])


@operator("Clip")
def clip(g, op):
    value = g.pick(is_f32)
    low, high = g.constant(np.float32(-0.7)), g.constant(np.float32(g.choose([0.9, 6.0])))
    g.add(op, g.choose([[value, low, high], [value, low], [value, None, high]]))


@operator("Cast")
def cast(g, op):
    value = g.pick()
    if value.array.dtype == np.bool_ or value.array.dtype.kind in "iu":
        return g.add(op, [value], to=1)
    g.add(op, [g.add("Round", [value])] if is_f32(value) else [value], to=int(g.choose([6, 7])))


@operator("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd")
def reduce(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    axes = sorted(g.rng.choice(value.array.ndim, int(g.rng.integers(1, value.array.ndim + 1)), replace=False).tolist())
    axes = [a - value.array.ndim if g.chance(0.3) else a for a in axes]
    g.add(op, [value, g.constant(np.array(axes, np.int64))], keepdims=int(g.chance(0.5)))


@operator("ArgMax", "ArgMin")
def arg(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    g.add(op, [value], axis=int(g.rng.integers(-value.array.ndim, value.array.ndim)), keepdims=int(g.chance(0.5)), select_last_index=int(g.chance(0.3)))


@operator("CumSum")
def cumsum(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    g.add(op, [value, g.constant(np.int64(g.rng.integers(value.array.ndim)))], exclusive=int(g.chance(0.4)), reverse=int(g.chance(0.4)))


@operator("Reshape")
def reshape(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    flat = value.array.size
    factors = [d for d in range(1, flat + 1) if flat % d == 0]
    first = g.choose(factors)
    rest = flat // first
    shape = g.choose([[flat], [first, rest], [1, first, rest], [first, -1], [-1, 1, rest], [0, -1]])
    g.add(op, [value, g.constant(np.array(shape, np.int64))])


@operator("Transpose")
def transpose(g, op):
    value = g.pick(lambda v: v.array.ndim > 1)
    g.add(op, [value], perm=[int(i) for i in g.rng.permutation(value.array.ndim)])


@operator("Flatten")
def flatten(g, op):
    value = g.pick(lambda v: v.array.ndim > 1)
    g.add(op, [value], axis=int(g.rng.integers(0, value.array.ndim + 1)))


@operator("Unsqueeze")
def unsqueeze(g, op):
    value = g.pick(lambda v: v.array.ndim < 5)
    g.add(op, [value, g.constant(np.array([g.rng.integers(-value.array.ndim - 1, value.array.ndim + 1)], np.int64))])


@operator("Squeeze")
def squeeze(g, op):
    value = g.pick(lambda v: 1 in v.array.shape)
    g.add(op, [value, g.constant(np.array([value.array.shape.index(1)], np.int64))])


@operator("Expand")
def expand(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    g.add(op, [value, g.constant(np.array([int(g.choose([2, 3])) if d == 1 else d for d in value.array.shape], np.int64))])


@operator("Tile")
def tile(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    g.add(op, [value, g.constant(np.array([int(g.choose([1, 1, 2, 3])) for _ in value.array.shape], np.int64))])


@operator("Concat")
def concat(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    axis = int(g.rng.integers(value.array.ndim))
    same = lambda v: v.array.dtype == value.array.dtype and v.array.ndim == value.array.ndim and all(
        a == b for k, (a, b) in enumerate(zip(v.array.shape, value.array.shape)) if k != axis)
    parts = [value, g.pick(same)] + ([g.pick(same)] if g.chance(0.3) else [])
    g.add(op, parts, axis=axis - value.array.ndim if g.chance(0.3) else axis)


@operator("Split")
def split(g, op):
    value = g.pick(lambda v: v.array.ndim > 0 and max(v.array.shape) > 2)
    axis = int(np.argmax(value.array.shape))
    extent = value.array.shape[axis]
    first = int(g.rng.integers(1, extent))
    g.add(op, [value, g.constant(np.array([first, extent - first], np.int64))], outputs=2, axis=axis)


@operator("Slice")
def slice_(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    axis = int(g.rng.integers(value.array.ndim))
    start, end, step = g.choose([(0, 1000, 2), (1, 1000, 1), (0, -1, 1), (-1, -1000, -1), (-2, -1000, -2), (-3, 1000, 1), (1, 4, 1)])
    g.add(op, [value] + [g.constant(np.array([x], np.int64)) for x in (start, end, axis, step)])


@operator("Pad")
def pad(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    mode = g.choose(["constant", "constant", "reflect", "edge", "wrap"])
    most = [min(2, d - 1) if mode != "constant" else 2 for d in value.array.shape]
    pads = [int(g.rng.integers(m + 1)) for m in most + most]
    g.add(op, [value, g.constant(np.array(pads, np.int64))] + ([g.constant(np.float32(0.5))] if mode == "constant" and g.chance(0.5) else []), mode=mode)


@operator("Gather")
def gather(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    axis = int(g.rng.integers(value.array.ndim))
    extent = value.array.shape[axis]
    g.add(op, [value, g.constant(g.rng.integers(-extent, extent, g.choose([(), (3,), (2, 2)])).astype(np.int64))], axis=axis)


@operator("GatherElements")
def gather_elements(g, op):
    value = g.pick(lambda v: v.array.ndim > 0)
    axis = int(g.rng.integers(value.array.ndim))
    extent = value.array.shape[axis]
    g.add(op, [value, g.constant(g.rng.integers(-extent, extent, value.array.shape).astype(np.int64))], axis=axis)


@operator("GatherND")
def gather_nd(g, op):
    value = g.pick(lambda v: v.array.ndim > 1)
    index = np.stack([g.rng.integers(0, d, 4) for d in value.array.shape[:2]], axis=-1).astype(np.int64)
    g.add(op, [value, g.constant(index)])


@operator("ScatterElements", "ScatterND")
def scatter(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    rows = min(3, value.array.shape[0])
    where_ = g.rng.permutation(value.array.shape[0])[:rows].astype(np.int64)
    attributes = {} if g.chance(0.6) else {"reduction": g.choose(["add", "max", "min"])}
    if op == "ScatterND":
        return g.add(op, [value, g.constant(where_[:, None]), g.operand(g.numbers((rows,) + value.array.shape[1:]))], **attributes)
    index = np.broadcast_to(where_.reshape((rows,) + (1,) * (value.array.ndim - 1)), (rows,) + value.array.shape[1:]).copy()
    g.add(op, [value, g.constant(index), g.operand(g.numbers(index.shape))], axis=0, **attributes)


@operator("Trilu")
def trilu(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 1)
    g.add(op, [value, g.constant(np.int64(g.choose([-1, 0, 1, 2])))], upper=int(g.chance(0.5)))


@operator("OneHot")
def one_hot(g, op):
    value = g.pick(lambda v: v.array.dtype == np.int64 and v.array.ndim < 3 and v.array.size < 200)
    g.add(op, [value, g.constant(np.array([5], np.int64)), g.constant(np.array([-1, 2], F32))], axis=-1)


@operator("Einsum")
def einsum(g, op):
    value = g.pick(of_rank(2, 3))
    if value.array.ndim == 2:
        other = g.operand(g.numbers((value.array.shape[1], g.dim())))
        return g.add(op, [value, other], equation=g.choose(["ij,jk->ik", "ij,jk->ki", "ij,jk->k"]))
    g.add(op, [value], equation=g.choose(["abc->cab", "abc->ac", "abc->b"]))
