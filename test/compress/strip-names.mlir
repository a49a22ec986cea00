// RUN: %ingot-opt --ingot-strip-names %s | FileCheck %s

// Operations lose names and ranges; arguments keep their names.
// CHECK: func.func @main(%arg0: tensor<2xf32> {nn.name = "x"})
// CHECK: nn.unary relu %arg0 :
func.func @main(%x: tensor<2xf32> {nn.name = "x", ingot.range = array<f32: 0.0, 1.0>}) -> tensor<2xf32> {
  %y = nn.unary relu %x {nn.name = "y", ingot.range = array<f32: 0.0, 1.0>, ingot.pruned} : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
