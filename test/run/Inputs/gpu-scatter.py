# Writes a model with a node that has no shader (ScatterElements runs on one worker) between two that have: gpu-scatter.py MODEL INPUTS
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper

nodes = [
    helper.make_node("Exp", ["x"], ["e"], name="before"),
    helper.make_node("ScatterElements", ["e", "indices", "updates"], ["s"], name="middle", axis=1),
    helper.make_node("Tanh", ["s"], ["y"], name="after"),
]
graph = helper.make_graph(
    nodes, "scatter",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 8]), helper.make_tensor_value_info("indices", TensorProto.INT64, [4, 2]),
     helper.make_tensor_value_info("updates", TensorProto.FLOAT, [4, 2])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 8])])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), sys.argv[1])
rng = np.random.default_rng(1)
np.savez(sys.argv[2], x=rng.standard_normal((4, 8), dtype=np.float32), indices=np.array([[0, 7], [1, 2], [3, 4], [6, 5]]),
         updates=rng.standard_normal((4, 2), dtype=np.float32))
