// RUN: %ingot-opt --ingot-calibrate-ranges %s | FileCheck %s
// What samples do to ranges is tested with a model: int8.test.

// Without samples nothing has a range.
// CHECK-LABEL: @main
// CHECK-NOT: ingot.range
func.func @main(%x: tensor<2xf32> {nn.name = "x"}) -> tensor<2xf32> {
  %y = nn.unary relu %x {nn.name = "y"} : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
