// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-fuse-maps %s | FileCheck %s

// A chain is one map; the transpose is a strided read.
// CHECK-LABEL: @chain
// CHECK: kernel.map(%arg0) dims [3, 2] offsets [0, 0] strides [1, 3, 2, 1]
// CHECK: math.absf
// CHECK: arith.negf
// CHECK-NOT: kernel.map
func.func @chain(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %a = nn.unary abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %t = nn.transpose %a perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %y = nn.unary neg %t : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Through a reshape, the reader's dim splits where the writer's axis ends.
// CHECK-LABEL: @reshape
// CHECK: kernel.map(%arg0) dims [3, 2] offsets [0, 0] strides [1, 3, 2, 1]
// CHECK-NOT: kernel.map
func.func @reshape(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %t = nn.transpose %x perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = nn.reshape %t : (tensor<3x2xf32>) -> tensor<6xf32>
  %y = nn.unary neg %r : (tensor<6xf32>) -> tensor<6xf32>
  return %y : tensor<6xf32>
}

// A computed value with two readers is not computed twice.
// CHECK-LABEL: @two_readers
// CHECK-COUNT-3: kernel.map
func.func @two_readers(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = nn.unary neg %a : (tensor<4xf32>) -> tensor<4xf32>
  %c = nn.unary abs %a : (tensor<4xf32>) -> tensor<4xf32>
  return %b, %c : tensor<4xf32>, tensor<4xf32>
}

// A computed value that a broadcast reads more than once a point is not recomputed.
// CHECK-LABEL: @broadcast
// CHECK-COUNT-2: kernel.map
func.func @broadcast(%x: tensor<4xf32>, %y: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %a = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = nn.binary add %y, %a : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  return %b : tensor<3x4xf32>
}

// A map of no points is left as it is: there is nothing to compose a reader with.
// CHECK-LABEL: @empty
// CHECK-COUNT-2: kernel.map({{.*}}) dims [2, 0, 4]
func.func @empty(%x: tensor<2x0x4xf32>) -> tensor<2x0x4xf32> {
  %a = nn.unary neg %x : (tensor<2x0x4xf32>) -> tensor<2x0x4xf32>
  %b = nn.unary abs %a : (tensor<2x0x4xf32>) -> tensor<2x0x4xf32>
  return %b : tensor<2x0x4xf32>
}
