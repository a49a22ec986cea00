// RUN: %ingot-opt --ingot-fuse-real-conv %s | FileCheck %s

// Factors are xScale * wScale * s, shifts bias * s + t; the bias is 8 * 0.25 and -1 * 4.
// CHECK-LABEL: @normalised
// CHECK-DAG: %[[F:.*]] = nn.constant dense<[2.500000e-01, -2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[T:.*]] = nn.constant dense<5.000000e+00> : tensor<2xf32>
// CHECK-NOT: dequantize
// CHECK: quant.real_conv %arg0, %{{.*}}, %{{.*}}, %{{.*}}, %[[F]], %[[T]] strides
// CHECK-NOT: nn.binary
func.func @normalised(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.25, 4.0]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %b = nn.constant dense<[8, -1]> : tensor<2xi32>
  %bf = quant.dequantize %b, %ws axis 0 : (tensor<2xi32>, tensor<2xf32>) -> tensor<2xf32>
  %a = nn.constant dense<[[[2.0]], [[-1.0]]]> : tensor<2x1x1xf32>
  %t = nn.constant dense<1.0> : tensor<1x2x1x1xf32>
  %c = nn.conv %xf, %wf, %bf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %m = nn.binary mul %c, %a : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary add %m, %t : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// With two readers the result is the convolution's own.
// CHECK-LABEL: @two_readers
// CHECK: %[[C:.*]] = quant.real_conv
// CHECK: nn.binary mul %[[C]]
func.func @two_readers(%x: tensor<1x1x4x4xui8>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.25, 4.0]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %a = nn.constant dense<[[[2.0]], [[-1.0]]]> : tensor<2x1x1xf32>
  %m = nn.binary mul %c, %a : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %c, %m : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// Depthwise ones stay f32.
// CHECK-LABEL: @depthwise
// CHECK: nn.conv
func.func @depthwise(%x: tensor<1x2x4x4xui8>) -> tensor<1x2x4x4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.25, 4.0]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x2x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 2 : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %c : tensor<1x2x4x4xf32>
}

// Stays when a scale is computed at run time.
// CHECK-LABEL: @scale_at_run_time
// CHECK: nn.conv
func.func @scale_at_run_time(%x: tensor<1x1x4x4xui8>, %s: tensor<f32>) -> tensor<1x2x4x4xf32> {
  %z = nn.constant dense<7> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.25, 4.0]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %c : tensor<1x2x4x4xf32>
}

// A multiply with other than one value a channel stays behind it.
// CHECK-LABEL: @along_width
// CHECK: quant.real_conv
// CHECK: nn.binary mul
func.func @along_width(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.25, 4.0]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %a = nn.constant dense<2.0> : tensor<4xf32>
  %m = nn.binary mul %c, %a : (tensor<1x2x4x4xf32>, tensor<4xf32>) -> tensor<1x2x4x4xf32>
  return %m : tensor<1x2x4x4xf32>
}
