// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-outline-maps --split-input-file %s | FileCheck %s

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

// -----

// Two borders of one size are two fills: each is overwritten in place.
// CHECK-LABEL: @pads
// CHECK: %[[F:.*]] = kernel.micro "[[FILL:map_[0-9a-f]+]]"() params
// CHECK: %[[G:.*]] = kernel.micro "[[FILL]]"() params
// CHECK: kernel.micro "map_{{[0-9a-f]+}}"(%arg0, %[[G]])
// CHECK: kernel.micro "map_{{[0-9a-f]+}}"(%arg1, %[[F]])
func.func @pads(%x: tensor<3xf32>, %y: tensor<2xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %f = kernel.map() dims [4] offsets [0] strides [1] {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } : () -> tensor<4xf32>
  %a = kernel.map(%x, %f) dims [3] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } {hasDest} : (tensor<3xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = kernel.map(%y, %f) dims [2] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } {hasDest} : (tensor<2xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}
