"""Planted faults: models that compute something else than their answers say, one small change of one node each.

They stand for the mistakes that compilers make in silence: an attribute overlooked, a mode mixed up, operands swapped, an axis counted from the wrong end.
A fault counts only where ONNX's evaluator gives another answer for the changed model.
"""
import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FAULTS = {}


def fault(op):
    """Registers a function (node, attributes, constants) that changes a node of the kind in place and says whether it could."""

    def register(function):
        FAULTS[function.__name__.replace("_", "-")] = (op, function)
        return function

    return register


def put(node, name, value):
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept + [helper.make_attribute(name, value)])
    return True


def change(attributes, node, name, values):
    """The attribute takes the other of two values."""
    return put(node, name, values[1] if attributes.get(name, values[0]) == values[0] else values[0])


def swap_inputs(node):
    node.input[0], node.input[1] = node.input[1], node.input[0]
    return True


@fault("DepthToSpace")
def depth_to_space_mode(node, attributes, constants):
    return change(attributes, node, "mode", (b"DCR", b"CRD"))


@fault("AveragePool")
def average_counts_padding(node, attributes, constants):
    return change(attributes, node, "count_include_pad", (0, 1))


@fault("Conv")
def convolution_padding_moved(node, attributes, constants):
    pads = attributes.get("pads")
    return bool(pads) and pads[0] != pads[2] and put(node, "pads", [pads[2], pads[1], pads[0], pads[3]])


@fault("Conv")
def convolution_bias_lost(node, attributes, constants):
    return len(node.input) == 3 and node.input.pop() is not None


@fault("LSTM")
def lstm_direction(node, attributes, constants):
    return change(attributes, node, "direction", (b"forward", b"reverse")) if attributes.get("direction") != b"bidirectional" else False


@fault("GRU")
def gru_reset_order(node, attributes, constants):
    return change(attributes, node, "linear_before_reset", (0, 1))


@fault("LSTM")
def lstm_bias_lost(node, attributes, constants):
    if len(node.input) < 4:
        return False
    node.input[3] = ""
    return True


@fault("Sub")
def operands_swapped(node, attributes, constants):
    return swap_inputs(node)


@fault("Softmax")
def softmax_axis(node, attributes, constants):
    return put(node, "axis", 0 if attributes.get("axis", -1) != 0 else -1)


@fault("LeakyRelu")
def slope_default(node, attributes, constants):
    return put(node, "alpha", 0.01)


@fault("Elu")
def elu_alpha(node, attributes, constants):
    return put(node, "alpha", 1.0)


@fault("Gemm")
def gemm_beta(node, attributes, constants):
    return len(node.input) == 3 and put(node, "beta", 0.5)


@fault("Resize")
def resize_coordinates(node, attributes, constants):
    return change(attributes, node, "coordinate_transformation_mode", (b"half_pixel", b"asymmetric"))


@fault("CumSum")
def cumsum_exclusive(node, attributes, constants):
    return change(attributes, node, "exclusive", (0, 1))


@fault("Trilu")
def triangle_side(node, attributes, constants):
    return change(attributes, node, "upper", (1, 0))


@fault("TopK")
def top_k_smallest(node, attributes, constants):
    return change(attributes, node, "largest", (1, 0))


@fault("Pad")
def pad_mode(node, attributes, constants):
    return put(node, "mode", b"edge" if attributes.get("mode", b"constant") != b"edge" else b"constant")


@fault("BatchNormalization")
def variance_epsilon(node, attributes, constants):
    return put(node, "epsilon", 0.1)


@fault("Gelu")
def gelu_approximation(node, attributes, constants):
    return put(node, "approximate", "none" if attributes.get("approximate") == b"tanh" else "tanh")


@fault("Slice")
def slice_step(node, attributes, constants):
    step = constants.get(node.input[4])
    return step is not None and step.item() in (2, -2) and replace(node, 4, constants, step // 2)


@fault("Gather")
def negative_index(node, attributes, constants):
    index = constants.get(node.input[1])
    return index is not None and (index < 0).any() and replace(node, 1, constants, np.maximum(index, 0))


@fault("QuantizeLinear")
def zero_point_lost(node, attributes, constants):
    zero = constants.get(node.input[2])
    return zero is not None and zero.item() != 0 and replace(node, 2, constants, np.zeros_like(zero))


@fault("ReduceL1")
def sum_without_absolute(node, attributes, constants):
    node.op_type = "ReduceSum"
    return True


@fault("ScatterElements")
def scatter_reduction(node, attributes, constants):
    return change(attributes, node, "reduction", (b"none", b"add"))


def replace(node, at, constants, array):
    """A new constant in the place of an operand; `plant` moves it into the model."""
    name = f"{node.input[at]}_{node.name}_wrong"
    constants[name] = array
    node.input[at] = name
    return True


def wrong_model(model, op, function):
    """The model with the fault in its last node of the kind that takes it, or None."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {i.name: numpy_helper.to_array(i) for i in copy.graph.initializer}
    known = set(constants)
    for node in reversed(copy.graph.node):
        if node.op_type == op and function(node, {a.name: helper.get_attribute_value(a) for a in node.attribute}, constants):
            copy.graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in constants if name not in known)
            return copy
    return None


def answers_of(model, feeds):
    """What ONNX's evaluator gives, or None where it cannot: then the fault would not be a silent one."""
    try:
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(model).run(None, feeds)
    except Exception:
        return None


def differ(answers, others):
    """Several times what `ingot conform` tolerates."""
    return any(a.shape != np.shape(b) or not np.allclose(np.asarray(a, np.float64), np.asarray(b, np.float64), rtol=4e-3, atol=1e-4) for a, b in zip(answers, others))


def plant(model, inputs, outputs):
    """(name, model) for each fault that the model has a place for and that changes an answer clearly."""
    feeds = {info.name: array for info, array in zip(model.graph.input, inputs)}
    right = answers_of(model, feeds)
    if right is None or differ(outputs, right):
        return  # it has an operator of spec.py: the evaluator cannot judge
    for name, (op, function) in FAULTS.items():
        wrong = wrong_model(model, op, function)
        if wrong is None:
            continue
        answers = answers_of(wrong, feeds)
        if answers is not None and differ(outputs, answers):
            yield name, wrong
