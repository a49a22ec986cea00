// Two buffers that maps fill stay two when equal operations become one: each of them is written in place.
// RUN: %ingot-opt %s -cse | FileCheck %s
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-COUNT-2: kernel.empty
  %e = kernel.empty : tensor<4xf32>
  %f = kernel.empty : tensor<4xf32>
  // CHECK-NOT: kernel.empty
  %a = kernel.map(%x, %e) dims [2] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } {hasDest} : (tensor<2xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = kernel.map(%y, %f) dims [2] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } {hasDest} : (tensor<2xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}
