// RUN: %ingot-opt --ingot-sink-dequantize %s | FileCheck %s

// Max pooling and a reshape run on the bytes.
// CHECK-LABEL: @fires
// CHECK: %[[P:.*]] = nn.pool max %arg0 {{.*}} -> tensor<1x1x2x2xui8>
// CHECK: %[[R:.*]] = nn.reshape %[[P]] : (tensor<1x1x2x2xui8>) -> tensor<4xui8>
// CHECK: quant.dequantize %[[R]]
func.func @fires(%x: tensor<1x1x4x4xui8>) -> tensor<4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %f = quant.dequantize %x, %s axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %p = nn.pool max %f kernel [2, 2] strides [2, 2] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  %r = nn.reshape %p : (tensor<1x1x2x2xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// An average is no choice of an element: it stays in float.
// CHECK-LABEL: @average
// CHECK: nn.pool average {{.*}}xf32
func.func @average(%x: tensor<1x1x4x4xui8>) -> tensor<1x1x2x2xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %f = quant.dequantize %x, %s axis 0 : (tensor<1x1x4x4xui8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %p = nn.pool average %f kernel [2, 2] strides [2, 2] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  return %p : tensor<1x1x2x2xf32>
}

// Scales along an axis stop at a reshape.
// CHECK-LABEL: @per_axis
// CHECK: quant.dequantize %arg0
func.func @per_axis(%x: tensor<2x3xi8>) -> tensor<6xf32> {
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %f = quant.dequantize %x, %s axis 0 : (tensor<2x3xi8>, tensor<2xf32>) -> tensor<2x3xf32>
  %r = nn.reshape %f : (tensor<2x3xf32>) -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// The scales of a transposed weight follow their axis.
// CHECK-LABEL: @transposed
// CHECK: %[[T:.*]] = nn.transpose %arg0 perm [1, 0] : (tensor<2x3xi8>) -> tensor<3x2xi8>
// CHECK: quant.dequantize %[[T]], %{{.*}} axis 1 : (tensor<3x2xi8>, tensor<2xf32>) -> tensor<3x2xf32>
func.func @transposed(%w: tensor<2x3xi8>) -> tensor<3x2xf32> {
  %s = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %f = quant.dequantize %w, %s axis 0 : (tensor<2x3xi8>, tensor<2xf32>) -> tensor<2x3xf32>
  %t = nn.transpose %f perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %t : tensor<3x2xf32>
}
