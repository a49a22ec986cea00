// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-outline-maps %s | FileCheck %s

// Equal maps share one function; a returned argument is copied.
// CHECK-LABEL: @main
// CHECK: %[[A:.*]] = kernel.micro "[[MAP:map_[0-9a-f]+]]"(%arg0)
// CHECK: kernel.micro "[[MAP]]"(%[[A]])
// CHECK: kernel.micro "map_{{[0-9a-f]+}}"
// CHECK: kernel.func @[[MAP]]
// CHECK: kernel.func
// CHECK-NOT: kernel.func
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = nn.unary neg %a : (tensor<4xf32>) -> tensor<4xf32>
  return %b, %x : tensor<4xf32>, tensor<4xf32>
}
