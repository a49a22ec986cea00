"""Writes one small ONNX model an op (and variant) with inputs and what the reference evaluator gives for them: cases for `ingot conform`.

    make_ops.py INGOT OUT   writes OUT/<nn op>-<variant>/{model.onnx,test_data_set_0/{input,output}_K.pb}

The name before the dash is the op of the nn or quant dialect that the model becomes, which test/run/conformance.test compares with what a target
claims. Shapes are odd, so that vectors have tails, and large enough that more than one tile is used where a kernel has tiles. Weights and inputs
come from a fixed seed.
"""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(11)
F32, F16, U8, I8, I32, I64 = (np.dtype(t) for t in ("float32", "float16", "uint8", "int8", "int32", "int64"))


def normal(*shape, dtype=F32):
    return RNG.normal(0, 1, shape).astype(dtype)


def positive(*shape, dtype=F32):
    return RNG.uniform(0.1, 2, shape).astype(dtype)


def integers(low, high, *shape, dtype=I64):
    return RNG.integers(low, high, shape).astype(dtype)


class Case:
    """One node `op`; arrays of `inputs` are fed, those of `weights` (by input position) are constants of the model. Inputs in `scales` (position:
    scale, zero point) are dequantised before it; with `result` (scale, zero point) what it makes is quantised."""

    def __init__(self, name, op, inputs, weights=None, outputs=1, scales=None, result=None, **attributes):
        self.name, self.op, self.inputs, self.weights, self.outputs, self.attributes = name, op, inputs, weights or {}, outputs, attributes
        self.scales, self.result = scales or {}, result

    def model(self):
        names, feeds, constants, at = [], [], [], 0
        for i in range(len(self.inputs) + len(self.weights)):
            if i in self.weights and self.weights[i] is None:
                names.append("")
                continue
            names.append(f"in{i}")
            if i in self.weights:
                constants.append(numpy_helper.from_array(self.weights[i], names[-1]))
                continue
            feeds.append((names[-1], self.inputs[at]))
            at += 1
        outs, before = [f"out{i}" for i in range(self.outputs)], []
        for i, (scale, zero) in self.scales.items():
            constants += [numpy_helper.from_array(scale, f"scale{i}"), numpy_helper.from_array(zero, f"zero{i}")]
            before.append(helper.make_node("DequantizeLinear", [names[i], f"scale{i}", f"zero{i}"], [f"real{i}"], axis=0))
            names[i] = f"real{i}"
        nodes = [*before, helper.make_node(self.op, names, ["real"] if self.result else outs, **self.attributes)]
        if self.result:
            constants += [numpy_helper.from_array(np.asarray(value), name) for name, value in zip(("scale", "zero"), self.result)]
            nodes.append(helper.make_node("QuantizeLinear", ["real", "scale", "zero"], outs))
        values = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in feeds]
        model = helper.make_model(helper.make_graph(nodes, self.name, values, [helper.make_empty_tensor_value_info(o) for o in outs], constants),
                                  opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        return model, feeds


def convolutions():
    for dtype in (F32, F16):
        kind = dtype.name
        yield Case(f"conv-{kind}-3x3", "Conv", [normal(1, 5, 13, 17, dtype=dtype)], {1: normal(11, 5, 3, 3, dtype=dtype), 2: normal(11, dtype=dtype)}, pads=[1, 1, 1, 1])
        yield Case(f"conv-{kind}-depthwise", "Conv", [normal(1, 7, 12, 19, dtype=dtype)], {1: normal(7, 1, 3, 3, dtype=dtype)}, group=7, strides=[2, 2])
        yield Case(f"conv_transpose-{kind}", "ConvTranspose", [normal(1, 4, 5, 7, dtype=dtype)], {1: normal(4, 6, 3, 3, dtype=dtype)}, strides=[2, 2])
    yield Case("conv-float32-pointwise", "Conv", [normal(2, 20, 9, 9)], {1: normal(24, 20, 1, 1), 2: normal(24)})
    yield Case("conv-float32-groups", "Conv", [normal(1, 6, 10, 10)], {1: normal(9, 2, 5, 3)}, group=3, dilations=[1, 2])
    yield Case("conv-float32-line", "Conv", [normal(1, 3, 40)], {1: normal(8, 3, 5)}, strides=[2])
    yield Case("conv-float32-volume", "Conv", [normal(1, 2, 5, 6, 7)], {1: normal(3, 2, 2, 3, 3)})
    yield Case("conv-integers", "ConvInteger", [integers(0, 256, 1, 3, 9, 9, dtype=U8)], {1: integers(0, 256, 4, 3, 3, 3, dtype=U8), 2: np.uint8(120)})
    yield Case("conv-integers-zeros", "ConvInteger", [integers(0, 256, 1, 6, 9, 9, dtype=U8)],
               {1: integers(0, 256, 9, 6, 3, 3, dtype=U8), 2: np.uint8(120), 3: np.uint8(131)}, pads=[1, 1, 1, 1])
    yield Case("conv-integers-depthwise", "ConvInteger", [integers(0, 256, 1, 6, 9, 9, dtype=U8)],
               {1: integers(-128, 128, 6, 1, 3, 3, dtype=I8), 2: np.uint8(120), 3: np.int8(-4)}, group=6)
    for kind, name in (("AveragePool", "average"), ("MaxPool", "max")):
        yield Case(f"pool-{name}", kind, [normal(1, 5, 13, 14)], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    yield Case("pool-global", "GlobalAveragePool", [normal(1, 19, 7, 7)])
    yield Case("pool-bytes", "MaxPool", [integers(-128, 128, 1, 3, 8, 8, dtype=I8)], kernel_shape=[2, 2], strides=[2, 2])


def products():
    for dtype in (F32, F16):
        yield Case(f"matmul-{dtype.name}", "MatMul", [normal(11, 37, dtype=dtype)], {1: normal(37, 53, dtype=dtype)})
    yield Case("matmul-row", "Gemm", [normal(1, 65)], {1: normal(65, 10), 2: normal(10)})
    yield Case("matmul-batch", "MatMul", [normal(2, 3, 9, 8), normal(3, 8, 17)])
    yield Case("matmul-integers", "MatMulInteger", [integers(0, 256, 5, 33, dtype=U8), integers(-128, 128, 33, 21, dtype=I8)])


def quantised():
    def scale(*shape):
        return RNG.uniform(0.005, 0.03, shape).astype(F32)
    for xType, wType, low in ((U8, I8, -128), (I8, I8, -128), (U8, U8, 0)):
        x = integers(np.iinfo(xType).min, np.iinfo(xType).max + 1, 1, 9, 15, 13, dtype=xType)
        for shape, extra in ((("wide", (20, 9, 3, 3)), {"pads": [1, 1, 1, 1]}), (("pointwise", (13, 9, 1, 1)), {}),
                             (("depthwise", (9, 1, 3, 3)), {"group": 9, "strides": [2, 2], "pads": [1, 1, 1, 1]})):
            w = integers(low, low + 256, *shape[1], dtype=wType)
            yield Case(f"quant.conv-{xType.name}-{wType.name}-{shape[0]}", "QLinearConv", [x],
                       {1: np.float32(0.02), 2: xType.type(7), 3: w, 4: scale(shape[1][0]), 5: np.full(shape[1][0], 128 if low == 0 else 0, wType),
                        6: np.float32(0.4), 7: xType.type(11), 8: integers(-3000, 3000, shape[1][0], dtype=I32)}, **extra)
            if shape[0] != "depthwise":
                yield Case(f"quant.real_conv-{xType.name}-{wType.name}-{shape[0]}", "Conv", [x], {1: w, 2: normal(shape[1][0])},
                           scales={0: (np.float32(0.02), xType.type(7)), 1: (scale(shape[1][0]), np.full(shape[1][0], 128 if low == 0 else 3, wType))}, **extra)
    for n in (10, 150):
        yield Case(f"quant.matmul-{n}", "QLinearMatMul", [integers(0, 256, 6, 70, dtype=U8)],
                   {1: np.float32(0.02), 2: np.uint8(100), 3: integers(-128, 128, 70, n, dtype=I8), 4: scale(n), 5: integers(-5, 5, n, dtype=I8),
                    6: np.float32(0.3), 7: np.uint8(128)})
    yield Case("quant.quantize-bytes", "QuantizeLinear", [normal(3, 50)], {1: np.float32(0.03), 2: np.uint8(99)})
    for zero in (np.uint8(99), np.int8(-3)):
        yield Case(f"quant.lookup-{zero.dtype.name}", "Tanh", [integers(0, 256, 5, 71, dtype=U8)], scales={0: (np.float32(0.03), np.uint8(140))},
                   result=(np.float32(0.013), zero))
    yield Case("quant.dequantize-bytes", "DequantizeLinear", [integers(-128, 128, 4, 33, dtype=I8)], {1: scale(4), 2: integers(-9, 9, 4, dtype=I8)}, axis=0)


def elements():
    for op in ("Abs", "Ceil", "Floor", "Round", "Sqrt", "Exp", "Log", "Tanh", "Sigmoid", "Erf", "Sin", "Cos", "Softplus", "HardSwish", "Elu", "Reciprocal", "Sign",
               "Neg"):
        yield Case(f"unary-{op.lower()}", op, [positive(5, 37) * 3 if op in ("Sqrt", "Log") else normal(5, 37) * 3])
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"):
        yield Case(f"binary-{op.lower()}", op, [positive(4, 1, 37), positive(6, 1)])
    yield Case("binary-fmod", "Mod", [normal(40) * 9, positive(40)], fmod=1)
    yield Case("binary-half", "Mul", [normal(41, dtype=F16), normal(41, dtype=F16)])
    yield Case("binary-division", "Div", [integers(-1000, 1000, 40), integers(1, 50, 40)])
    yield Case("binary-division32", "Div", [integers(-1000, 1000, 40, dtype=I32), integers(1, 50, 40, dtype=I32)])
    yield Case("binary-greater", "Greater", [normal(40), normal(40)])
    yield Case("select-where", "Where", [normal(4, 30) > 0, normal(4, 30), normal(30)])
    for to in (TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8, TensorProto.FLOAT16, TensorProto.DOUBLE):
        yield Case(f"cast-{TensorProto.DataType.Name(to).lower()}", "Cast", [positive(3, 21) * 60], to=to)
    yield Case("cast-double-half", "Cast", [normal(3, 21).astype("float64")], to=TensorProto.FLOAT16)


def movement():
    yield Case("reshape-rows", "Reshape", [normal(4, 6, 5)], {1: np.array([8, -1], I64)})
    yield Case("transpose-axes", "Transpose", [normal(5, 6, 7)], perm=[2, 0, 1])
    yield Case("transpose-squares", "Transpose", [normal(2, 21, 9, 5)], perm=[0, 2, 3, 1])
    yield Case("transpose-bytes", "Transpose", [integers(0, 256, 9, 5, 7, dtype=U8)], perm=[1, 2, 0])
    yield Case("broadcast-expand", "Expand", [normal(5, 1, 3)], {1: np.array([2, 5, 4, 3], I64)})
    yield Case("slice-steps", "Slice", [normal(9, 20)], {1: np.array([1, 19], I64), 2: np.array([8, 2], I64), 3: np.array([0, 1], I64), 4: np.array([2, -3], I64)})
    yield Case("concat-axis", "Concat", [normal(3, 4, 5), normal(3, 2, 5)], axis=1)
    for mode in ("constant", "reflect", "edge"):
        yield Case(f"pad-{mode}", "Pad", [normal(4, 9)], {1: np.array([1, 2, 1, 3], I64)}, mode=mode)
    yield Case("gather-rows", "Gather", [normal(9, 13)], {1: np.array([[3, -1], [0, 8]], I64)})
    yield Case("gather_elements-axis", "GatherElements", [normal(5, 6), integers(-5, 5, 4, 6)], axis=0)
    yield Case("gather_nd-pairs", "GatherND", [normal(4, 5, 3), integers(0, 4, 6, 2)])
    for kind in ("none", "add", "mul"):
        yield Case(f"scatter_elements-{kind}", "ScatterElements", [normal(5, 6), integers(0, 5, 1, 6), normal(1, 6)], axis=0, reduction=kind)
    yield Case("scatter_nd-rows", "ScatterND", [normal(8, 4), np.array([[1], [6]], I64), normal(2, 4)])
    for mode in ("nearest", "linear", "cubic"):
        yield Case(f"resize-{mode}", "Resize", [normal(1, 3, 7, 9)], {1: None, 2: None, 3: np.array([1, 3, 11, 20], I64)}, mode=mode)
    for samples in (0, 2):
        yield Case(f"roi_align-{samples}", "RoiAlign", [normal(2, 19, 9, 8), positive(5, 4) * np.array([2, 2, 9, 9], F32) - 1, integers(0, 1, 5)], output_height=3, output_width=2,
                   sampling_ratio=samples, spatial_scale=0.75)


def rows():
    for op in ("ReduceSum", "ReduceMax", "ReduceMean", "ReduceProd", "ReduceL2", "ReduceLogSumExp"):
        attributes = {} if op == "ReduceSum" else {"axes": [1]}
        yield Case(f"reduce-{op[6:].lower()}", op, [normal(5, 33, 3)], {1: np.array([1], I64)} if op == "ReduceSum" else None, **attributes)
    yield Case("reduce-integers", "ReduceSum", [integers(-9, 9, 5, 7, dtype=I32)], {1: np.array([1], I64)})
    yield Case("arg_reduce-max", "ArgMax", [normal(5, 33)], axis=1)
    yield Case("cumulate-sum", "CumSum", [normal(5, 33)], {1: np.array(1, I32)})
    yield Case("softmax-rows", "Softmax", [normal(5, 33)])
    yield Case("softmax-columns", "Softmax", [normal(5, 33)], axis=0)
    yield Case("normalize-rows", "LayerNormalization", [normal(5, 33)], {1: normal(33), 2: normal(33)})
    yield Case("normalize-channels", "InstanceNormalization", [normal(2, 3, 5, 6)], {1: normal(3), 2: normal(3)})
    yield Case("lrn-channels", "LRN", [normal(1, 9, 4, 5)], size=5)
    yield Case("top_k-rows", "TopK", [normal(4, 30)], {1: np.array([5], I64)}, outputs=2)
    limits = {2: np.array([5], I64), 3: np.array([0.3], np.float32), 4: np.array([0], np.float32)}
    yield Case("suppress_boxes-centers", "NonMaxSuppression", [positive(1, 20, 4), normal(1, 3, 20)], limits, center_point_box=1)
    for op, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
        yield Case(f"rnn-{op.lower()}", op, [normal(4, 2, 5)], {1: normal(1, gates * 6, 5), 2: normal(1, gates * 6, 6), 3: normal(1, 2 * gates * 6)}, outputs=2,
                   hidden_size=6)
    for dtype in (U8, I8):
        low, zero = (0, 120) if dtype == U8 else (-128, 0)
        weights = {1: integers(low, low + 256, 1, 5, 72, dtype=dtype), 2: integers(low, low + 256, 1, 18, 72, dtype=dtype), 3: normal(1, 144)}
        scales = {8: positive(1) / 100, 9: np.array([zero], dtype), 10: positive(1, 72) / 100, 11: np.full((1, 72), zero, dtype)}
        yield Case(f"quant.lstm-{dtype.name}", "DynamicQuantizeLSTM", [normal(4, 2, 5)], {**weights, 4: None, 5: None, 6: None, 7: None, **scales}, outputs=3,
                   hidden_size=18, domain="com.microsoft")


def write(case, ingot, folder):
    model, feeds = case.model()
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    onnx.save(model, folder / "model.onnx")
    for k, (name, array) in enumerate(feeds):
        (data / f"input_{k}.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())
    np.savez(folder / "inputs.npz", **dict(feeds))
    command = [ingot, "run", folder / "model.onnx", "--device", "reference", "--input", folder / "inputs.npz", "--output", folder / "outputs.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{case.name}: {done.stdout}{done.stderr}")
    outputs = np.load(folder / "outputs.npz")
    for k, value in enumerate(model.graph.output):
        (data / f"output_{k}.pb").write_bytes(numpy_helper.from_array(outputs["out|" + value.name], value.name).SerializeToString())


def main():
    ingot, out = sys.argv[1], pathlib.Path(sys.argv[2])
    for group in (convolutions, products, quantised, elements, movement, rows):
        for case in group():
            write(case, ingot, out / case.name)


main()
