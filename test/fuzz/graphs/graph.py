"""A random ONNX graph that is evaluated while it grows.

Every node is run at once by ONNX's own reference evaluator, in the graph's types and again with f64 in the place of f32. So the operators of ops*.py see
the values they work on (no logarithm of a negative number, no overflow), and a node whose f32 answer is not close to its f64 answer (cancellation, a
comparison of almost equal numbers) is taken back: what remains is well conditioned, and a compiled program has to give it within the usual tolerance.
"""
import collections

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from spec import SPECIFIED

OPSET = 22
F32, F64 = np.dtype("float32"), np.dtype("float64")
LARGEST, MOST_ELEMENTS = 200.0, 6000
JUMPS = {"Floor", "Ceil", "Round", "Sign", "Less", "Greater", "Equal", "LessOrEqual", "GreaterOrEqual", "ArgMax", "ArgMin", "Hardmax", "TopK", "QuantizeLinear", "Max",
         "Min", "MaxPool", "ThresholdedRelu", "Shrink"}


class Refused(Exception):
    """The operator cannot be used here; the graph is as it was before."""


Value = collections.namedtuple("Value", "name array wide")  # the array, and the same computed in f64


def as_wide(array):
    return array.astype(F64) if array.dtype == F32 else array


def tensor_type(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def widened(attributes):
    """Attributes of the f64 twin of a node."""
    return {k: TensorProto.DOUBLE if k in ("to", "dtype") and v == TensorProto.FLOAT else v for k, v in attributes.items()}


def evaluate(op, attributes, arrays, outputs):
    """Outputs of one node. `arrays` has None where an optional input is left out."""
    if op in SPECIFIED:
        with np.errstate(all="ignore"):
            return [SPECIFIED[op](*arrays, **attributes)]
    names = ["" if a is None else f"i{k}" for k, a in enumerate(arrays)]
    node = helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
    infos = [helper.make_tensor_value_info(n, tensor_type(a.dtype), a.shape) for n, a in zip(names, arrays) if n]
    graph = helper.make_graph([node], "one", infos, [helper.make_tensor_value_info(f"o{k}", TensorProto.UNDEFINED, None) for k in range(outputs)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    with np.errstate(all="ignore"):
        return [np.asarray(a) for a in ReferenceEvaluator(model).run(None, {n: a for n, a in zip(names, arrays) if n})]


class Graph:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.initializers, self.values, self.inputs = [], [], [], []
        self.read = collections.Counter()

    # Random choices.
    def chance(self, probability):
        return self.rng.random() < probability

    def choose(self, options):
        return options[int(self.rng.integers(len(options)))]

    def dim(self):
        return int(self.choose([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]))

    def numbers(self, shape, dtype=F32, low=-2.0, high=2.0):
        if np.dtype(dtype) == np.bool_:
            return self.rng.random(shape) < 0.5
        if np.dtype(dtype).kind in "iu":
            low = max(low, np.iinfo(dtype).min)
            return self.rng.integers(int(low), max(int(low) + 1, int(high) + 1), shape).astype(dtype)
        return self.rng.uniform(low, high, shape).astype(dtype)

    # Values.
    def fresh(self):
        return f"v{len(self.values) + len(self.initializers)}"

    def input(self, array):
        value = Value(self.fresh(), array, as_wide(array))
        self.inputs.append(value)
        self.values.append(value)
        return value

    def constant(self, array, dtype=None):
        array = np.asarray(array, dtype)
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return Value(name, array, as_wide(array))

    def pick(self, accept=lambda v: True):
        """A value that `accept` takes; recent ones are likelier, so that chains grow, old ones stay possible, so that they branch."""
        fitting = [v for v in self.values if accept(v)]
        if not fitting:
            raise Refused
        if self.chance(0.6):
            return fitting[-1 - int(min(self.rng.integers(3), len(fitting) - 1))]
        return self.choose(fitting)

    def operand(self, array):
        """A constant or, at times, an input that holds the array."""
        return self.input(array) if array.dtype in (F32, F64) and self.chance(0.2) else self.constant(array)

    def add(self, op, inputs, outputs=1, exact=False, **attributes):
        """Appends a node and returns its outputs; an exact one gives the same in f64. Refused when the answer is not finite, large, ill conditioned or of a size that is too much."""
        arrays = [None if v is None else v.array for v in inputs]
        wide = [None if v is None else v.wide for v in inputs]
        try:
            narrow_results = evaluate(op, attributes, arrays, outputs)
            wide_results = [as_wide(a) for a in narrow_results] if exact else evaluate(op, widened(attributes), wide, outputs)
        except Exception as error:  # the reference evaluator says no in many ways
            raise Refused from error
        for a, b in zip(narrow_results, wide_results):
            check_result(a, b)
        if op in JUMPS:
            self.check_jump(op, attributes, arrays, wide, narrow_results)
        names = [f"v{len(self.values) + k}_{len(self.nodes)}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op, ["" if v is None else v.name for v in inputs], names, name=f"n{len(self.nodes)}", **attributes))
        for v in inputs:
            if v is not None:
                self.read[v.name] += 1
        results = [Value(n, a, b) for n, a, b in zip(names, narrow_results, wide_results)]
        self.values.extend(results)
        return results if outputs > 1 else results[0]

    def check_jump(self, op, attributes, arrays, wide, results):
        """A function that jumps must give the same when what is not exact in f32 is a little more, and a little less."""
        for sign in (-1, 1):
            moved = [a if a is None or a.dtype != F32 or (a == w).all() else (a + sign * (1e-5 * np.abs(a) + 1e-6)).astype(F32) for a, w in zip(arrays, wide)]
            for a, b in zip(results, evaluate(op, attributes, moved, len(results))):
                if not np.allclose(a, b, rtol=1e-4, atol=1e-5):
                    raise Refused

    # The finished model.
    def outputs(self):
        """All that nobody reads, and at times a value in the middle, which must not be fused away."""
        inputs = {v.name for v in self.inputs}
        computed = [v for v in self.values if v.name not in inputs]
        return [v for v in computed if self.read[v.name] == 0 or self.chance(0.06)]

    def model(self):
        outputs = self.outputs()
        info = lambda v: helper.make_tensor_value_info(v.name, tensor_type(v.array.dtype), v.array.shape)
        graph = helper.make_graph(self.nodes, "graph", [info(v) for v in self.inputs], [info(v) for v in outputs], initializer=self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        return model, [v.array for v in self.inputs], [v.wide.astype(v.array.dtype) for v in outputs]


def check_result(narrow, wide):
    if narrow.size == 0 or narrow.size > MOST_ELEMENTS or narrow.dtype.kind not in "fiub" or (narrow.dtype.kind == "f" and narrow.dtype not in (F32, F64)):
        raise Refused
    if narrow.shape != wide.shape:
        raise Refused
    if narrow.dtype.kind == "f":
        if not np.isfinite(wide).all() or np.abs(wide).max() > LARGEST:
            raise Refused
        if (np.abs(narrow - wide) > 1e-6 + 2e-5 * np.abs(wide)).any():
            raise Refused
    elif not np.array_equal(narrow, wide):
        raise Refused
    elif narrow.dtype.kind in "iu" and np.abs(narrow.astype(np.float64)).max() > 1e6:
        raise Refused
