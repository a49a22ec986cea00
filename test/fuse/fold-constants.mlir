// RUN: %ingot-opt --ingot-fold-constants %s | FileCheck %s

// An op on constants becomes a weight that a recipe makes.
// CHECK-LABEL: @fires
// CHECK: nn.weight @constant.nn.transpose : tensor<3x2xf32>
func.func @fires() -> tensor<3x2xf32> {
  %c = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %t = nn.transpose %c perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %t : tensor<3x2xf32>
}

// An op with an argument stays.
// CHECK-LABEL: @argument
// CHECK: nn.binary add
func.func @argument(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %t = nn.binary add %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %t : tensor<2xf32>
}
