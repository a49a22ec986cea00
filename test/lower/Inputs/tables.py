"""Models whose output matrix is the transpose of the table that their input is gathered from.

    tables.py OUT   writes OUT/{tied,twice,halves,square,used,other}.onnx

tied: f32, indices of one and of two axes, some negative; twice: the file has the transposed matrix too; halves: f16; square: as many rows as columns;
used: the table is added to as well; other: the file's second matrix differs in its last number.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(3)


def write(path, kind, rows=500, width=48, element=TensorProto.FLOAT):
    table = RNG.standard_normal((rows, width)).astype(np.float16 if element == TensorProto.FLOAT16 else np.float32)
    nodes = [helper.make_node("Gather", ["table", "ids"], ["x"]), helper.make_node("Gather", ["table", "last"], ["y"]),
             helper.make_node("Add", ["x", "y"], ["sum"]), helper.make_node("MatMul", ["sum", "right"], ["scores"])]
    weights = [numpy_helper.from_array(table, "table")]
    if kind in ("twice", "other"):
        right = table.T.copy()
        right[-1, -1] += kind == "other"
        weights.append(numpy_helper.from_array(right, "right"))
    else:
        nodes.insert(0, helper.make_node("Transpose", ["table"], ["right"], perm=[1, 0]))
    outputs = [helper.make_tensor_value_info("scores", element, (2, 3, rows)), helper.make_tensor_value_info("x", element, (2, 3, width))]
    if kind == "used":
        nodes.append(helper.make_node("Add", ["table", "one"], ["more"]))
        outputs.append(helper.make_tensor_value_info("more", element, (rows, width)))
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, (2, 3)), helper.make_tensor_value_info("last", TensorProto.INT32, (1,)),
              helper.make_tensor_value_info("one", element, (1,))]
    graph = helper.make_graph(nodes, kind, inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
write(out / "tied.onnx", "tied")
write(out / "twice.onnx", "twice")
write(out / "other.onnx", "other")
write(out / "halves.onnx", "halves", element=TensorProto.FLOAT16)
write(out / "square.onnx", "square", rows=48)
write(out / "used.onnx", "used")
ids = np.array([[0, -1, 499], [17, 16, -500]])
np.savez(out / "in.npz", ids=ids, last=np.array([31], np.int32), one=np.ones(1, np.float32))
np.savez(out / "in16.npz", ids=ids, last=np.array([31], np.int32), one=np.ones(1, np.float16))
