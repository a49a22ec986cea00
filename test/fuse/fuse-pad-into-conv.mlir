// RUN: %ingot-opt --ingot-fuse-pad-into-conv --verify-diagnostics %s | FileCheck %s

// Zero padding becomes the convolution's own.
// CHECK-LABEL: @fires
// CHECK-NOT: nn.pad
// CHECK: nn.conv %arg0, %arg1 strides [1, 1] pad_low [1, 0] pad_high [1, 2]
func.func @fires(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32> {
  %p = nn.pad %x low [0, 0, 1, 0] high [0, 0, 1, 2] mode constant : (tensor<1x2x4x4xf32>) -> tensor<1x2x6x6xf32>
  %y = nn.conv %p, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x6x6xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Stays when the border is not zero.
// CHECK-LABEL: @not_zero
// CHECK: nn.pad
func.func @not_zero(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32> {
  // expected-remark @+1 {{not fused: padding into the convolution: the border is not zero}}
  %p = nn.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] mode edge : (tensor<1x2x4x4xf32>) -> tensor<1x2x6x6xf32>
  %y = nn.conv %p, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x6x6xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Stays when channels are padded.
// CHECK-LABEL: @channels
// CHECK: nn.pad
func.func @channels(%x: tensor<1x1x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32> {
  // expected-remark @+1 {{not fused: padding into the convolution: batch or channels are padded}}
  %p = nn.pad %x low [0, 1, 0, 0] high [0, 0, 0, 0] mode constant : (tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.conv %p, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32>
  return %y : tensor<1x3x2x2xf32>
}

// Stays when the pad crops.
// CHECK-LABEL: @crops
// CHECK: nn.pad
func.func @crops(%x: tensor<1x2x5x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32> {
  // expected-remark @+1 {{not fused: padding into the convolution: the pad crops}}
  %p = nn.pad %x low [0, 0, -1, 0] high [0, 0, 0, 0] mode constant : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.conv %p, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x2x2xf32>
  return %y : tensor<1x3x2x2xf32>
}

// Padding in front of quantise and dequantise goes through them.
// CHECK-LABEL: @through_quantised
// CHECK: %[[Q:.*]] = quant.quantize %arg0, {{.*}} -> tensor<1x1x4x4xui8>
// CHECK: %[[X:.*]] = quant.dequantize %[[Q]], {{.*}} -> tensor<1x1x4x4xf32>
// CHECK: nn.conv %[[X]], %arg1 strides [1, 1] pad_low [1, 1] pad_high [1, 1]
func.func @through_quantised(%x: tensor<1x1x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> tensor<1x3x4x4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %p = nn.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] mode constant : (tensor<1x1x4x4xf32>) -> tensor<1x1x6x6xf32>
  %q = quant.quantize %p, %s, %z axis 0 : (tensor<1x1x6x6xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x1x6x6xui8>
  %d = quant.dequantize %q, %s, %z axis 0 : (tensor<1x1x6x6xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x6x6xf32>
  %y = nn.conv %d, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x6x6xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Not when the quantised value has another reader: that one sees the border.
// CHECK-LABEL: @quantised_read_twice
// CHECK: nn.pad
func.func @quantised_read_twice(%x: tensor<1x1x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x1x6x6xui8>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %p = nn.pad %x low [0, 0, 1, 1] high [0, 0, 1, 1] mode constant : (tensor<1x1x4x4xf32>) -> tensor<1x1x6x6xf32>
  %q = quant.quantize %p, %s axis 0 : (tensor<1x1x6x6xf32>, tensor<f32>) -> tensor<1x1x6x6xui8>
  %d = quant.dequantize %q, %s axis 0 : (tensor<1x1x6x6xui8>, tensor<f32>) -> tensor<1x1x6x6xf32>
  %y = nn.conv %d, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x6x6xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y, %q : tensor<1x3x4x4xf32>, tensor<1x1x6x6xui8>
}
