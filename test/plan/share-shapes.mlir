// RUN: %ingot-opt --ingot-outline-maps --ingot-plan-program --ingot-share-shapes --split-input-file %s | FileCheck %s

// Two shapes of one model: one list of steps. The map reads its extent from the call, the kernel takes one parameter and the places their offsets from
// the row; what is the same stays a constant (-1).
// CHECK: deploy.shared @shared_0 scratch 0 columns [[C:[0-9]+]] table [
// CHECK: deploy.call "[[MAP:map_[0-9a-f]+]]" params [4]
// CHECK-SAME: columns = array<i64: -1, -1, [[E:[0-9]+]], -1, -1>
// CHECK: deploy.call "k" params [1, 4]
// CHECK-SAME: columns = array<i64: -1, -1, -1, [[E]], -1, -1>
// CHECK: deploy.program @a
// CHECK: deploy.call "[[MAP]]" params [4]
// CHECK: row = 0 : i64, shared = "shared_0"
// CHECK: deploy.program @b
// CHECK: deploy.call "[[MAP]]" params [40]
// CHECK: row = 1 : i64, shared = "shared_0"
// CHECK: kernel.func @[[MAP]] dims [-9223372036854775808] offsets [0, 0] strides [1, 1] result f32 {
// CHECK: } {split = 0 : i64}
// CHECK-NOT: kernel.func
func.func @a(%x: tensor<4xf32>) -> tensor<4xf32> {
  %m = kernel.map(%x) dims [4] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    %s = arith.addf %v, %v : f32
    kernel.yield %s : f32
  } : (tensor<4xf32>) -> tensor<4xf32>
  %y = kernel.micro "k"(%m) params [1, 4] scratch 0 work 4 : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @b(%x: tensor<40xf32>) -> tensor<40xf32> {
  %m = kernel.map(%x) dims [40] offsets [0, 0] strides [1, 1] {
  ^bb0(%v: f32):
    %s = arith.addf %v, %v : f32
    kernel.yield %s : f32
  } : (tensor<40xf32>) -> tensor<40xf32>
  %y = kernel.micro "k"(%m) params [1, 40] scratch 0 work 40 : (tensor<40xf32>) -> tensor<40xf32>
  return %y : tensor<40xf32>
}

// -----

// Another kernel for another shape: the row chooses. A call that is too small to be split is serial for its shape alone, and a map whose innermost
// stride is 1 for one shape only stays two functions.
// CHECK: deploy.shared @shared_0
// CHECK: deploy.call "small"
// CHECK-SAME: callees = ["small", "large"]
// CHECK-SAME: columns = array<i64: [[W:[0-9]+]], [[W]], -1, -1>
// CHECK: deploy.call "map_{{[0-9a-f]+}}"
// CHECK-SAME: callees = ["map_{{[0-9a-f]+}}", "map_{{[0-9a-f]+}}"]
func.func @a(%x: tensor<2x4xf32>) -> tensor<4x2xf32> {
  %m = kernel.micro "small"(%x) params [] scratch 0 work 10000000 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = kernel.map(%m) dims [4, 2] offsets [0, 0] strides [1, 4, 2, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
func.func @b(%x: tensor<2x1xf32>) -> tensor<1x2xf32> {
  %m = kernel.micro "large"(%x) params [] scratch 0 work 2 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = kernel.map(%m) dims [1, 2] offsets [0, 0] strides [1, 1, 2, 1] {
  ^bb0(%v: f32):
    kernel.yield %v : f32
  } : (tensor<2x1xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Programs with other calls share nothing.
// CHECK-NOT: deploy.shared
// CHECK: deploy.program @a
// CHECK: deploy.program @b
func.func @a(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = kernel.micro "k"(%x) params [] scratch 0 work 4 : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @b(%x: tensor<4xf32>) -> tensor<4xf32> {
  %m = kernel.micro "k"(%x) params [] scratch 0 work 4 : (tensor<4xf32>) -> tensor<4xf32>
  %y = kernel.micro "k"(%m) params [] scratch 0 work 4 : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
