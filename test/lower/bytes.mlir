// RUN: %ingot-opt --ingot-lower-to-kernels %s | FileCheck %s

// 8-bit integers with one constant right matrix are packed; the batches of the left side are rows.
// CHECK-LABEL: @product
// CHECK: kernel.micro "ik_imatmul"{{.*}} : (tensor<2x4x5xui8>, tensor<1x2x16x4xi8>, tensor<4x3xi32>) -> tensor<2x4x3xi32>
func.func @product(%a: tensor<2x4x5xui8>) -> tensor<2x4x3xi32> {
  %b = nn.constant dense<1> : tensor<5x3xi8>
  %y = nn.matmul %a, %b : (tensor<2x4x5xui8>, tensor<5x3xi8>) -> tensor<2x4x3xi32>
  return %y : tensor<2x4x3xi32>
}

// A right side that is computed stays as it is.
// CHECK-LABEL: @computed
// CHECK: kernel.micro "ik_matmulnd_i32_u8_i8"
func.func @computed(%a: tensor<4x5xui8>, %b: tensor<5x3xi8>) -> tensor<4x3xi32> {
  %y = nn.matmul %a, %b : (tensor<4x5xui8>, tensor<5x3xi8>) -> tensor<4x3xi32>
  return %y : tensor<4x3xi32>
}

// The same with requantisation.
// CHECK-LABEL: @quantised
// CHECK: kernel.micro "ik_qmatmul"
func.func @quantised(%a: tensor<4x5xui8>) -> tensor<4x3xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %b = nn.constant dense<1> : tensor<5x3xi8>
  %bz = nn.constant dense<0> : tensor<i8>
  %y = quant.matmul %a, %s, %z, %b, %s, %bz, %s, %z : (tensor<4x5xui8>, tensor<f32>, tensor<ui8>, tensor<5x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xui8>
  return %y : tensor<4x3xui8>
}

// Both sides computed: packed as the kernel goes, unless rows have scales of their own.
// CHECK-LABEL: @both
// CHECK: kernel.micro "ik_qmatmul_both"
// CHECK: kernel.micro "ik_qmatmulnd"
func.func @both(%a: tensor<4x5xui8>, %b: tensor<5x3xi8>, %scales: tensor<4xf32>) -> (tensor<4x3xui8>, tensor<4x3xui8>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %bz = nn.constant dense<0> : tensor<i8>
  %x = quant.matmul %a, %s, %z, %b, %s, %bz, %s, %z : (tensor<4x5xui8>, tensor<f32>, tensor<ui8>, tensor<5x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xui8>
  %y = quant.matmul %a, %scales, %z, %b, %s, %bz, %s, %z : (tensor<4x5xui8>, tensor<4xf32>, tensor<ui8>, tensor<5x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4x3xui8>
  return %x, %y : tensor<4x3xui8>, tensor<4x3xui8>
}

// A quantised convolution reads lines that were copied once, in words of 4 channels; its filter is [G][panels][channels / 4][taps][8][4].
// CHECK-LABEL: @lines
// CHECK: kernel.micro "ik_qconvlines"{{.*}}, 0] scratch {{.*}} : (tensor<1x6x14x14xui8>, tensor<1x1x2x9x8x4xi8>, tensor<4x8xi32>) -> tensor<1x8x14x14xui8>
func.func @lines(%x: tensor<1x6x14x14xui8>) -> tensor<1x8x14x14xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<1> : tensor<8x6x3x3xi8>
  %wz = nn.constant dense<0> : tensor<i8>
  %y = quant.conv %x, %s, %z, %w, %s, %wz, %s, %z strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x6x14x14xui8>, tensor<f32>, tensor<ui8>, tensor<8x6x3x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x14x14xui8>
  return %y : tensor<1x8x14x14xui8>
}

// An axis of one place that is padded is no plane: tiles read it.
// CHECK-LABEL: @padded_depth
// CHECK: kernel.micro "ik_qconv"
func.func @padded_depth(%x: tensor<1x6x1x14x14xui8>) -> tensor<1x8x1x14x14xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<1> : tensor<8x6x1x3x3xi8>
  %wz = nn.constant dense<0> : tensor<i8>
  %y = quant.conv %x, %s, %z, %w, %s, %wz, %s, %z strides [3, 1, 1] pad_low [2, 1, 1] pad_high [0, 1, 1] dilations [1, 1, 1] group 1 : (tensor<1x6x1x14x14xui8>, tensor<f32>, tensor<ui8>, tensor<8x6x1x3x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x1x14x14xui8>
  return %y : tensor<1x8x1x14x14xui8>
}

// With many output channels 14 places a row instead of 16 are worth a copy of the lines for every tap of a row (the last parameter).
// CHECK-LABEL: @gapless
// CHECK: kernel.micro "ik_qconvlines"{{.*}}, 1] scratch
func.func @gapless(%x: tensor<1x6x14x14xui8>) -> tensor<1x64x14x14xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<1> : tensor<64x6x3x3xi8>
  %wz = nn.constant dense<0> : tensor<i8>
  %y = quant.conv %x, %s, %z, %w, %s, %wz, %s, %z strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x6x14x14xui8>, tensor<f32>, tensor<ui8>, tensor<64x6x3x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x64x14x14xui8>
  return %y : tensor<1x64x14x14xui8>
}

// With a float result: the table has a row of shifts, and the epilogue is the kernel's.
// CHECK-LABEL: @real
// CHECK: kernel.micro "ik_qconvreal"{{.*}} : (tensor<1x6x4x4xui8>, tensor<1x1x2x1x8x4xi8>, tensor<5x8xi32>) -> tensor<1x8x4x4xf32>
func.func @real(%x: tensor<1x6x4x4xui8>) -> tensor<1x8x4x4xf32> {
  %f = nn.constant dense<0.5> : tensor<8xf32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<1> : tensor<8x6x1x1xi8>
  %wz = nn.constant dense<0> : tensor<i8>
  %y = quant.real_conv %x, %z, %w, %wz, %f, %f strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 {ingot.activation = "relu", ingot.alpha = 0.0, ingot.beta = 0.0} : (tensor<1x6x4x4xui8>, tensor<ui8>, tensor<8x6x1x1xi8>, tensor<i8>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  return %y : tensor<1x8x4x4xf32>
}

// 8-bit integers with a constant filter are packed; the sums are the result.
// CHECK-LABEL: @integer_conv
// CHECK: kernel.micro "ik_iconv"{{.*}} : (tensor<1x6x4x4xui8>, tensor<1x1x2x1x8x4xi8>, tensor<4x8xi32>) -> tensor<1x8x4x4xi32>
func.func @integer_conv(%x: tensor<1x6x4x4xui8>) -> tensor<1x8x4x4xi32> {
  %w = nn.constant dense<1> : tensor<8x6x1x1xui8>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x6x4x4xui8>, tensor<8x6x1x1xui8>) -> tensor<1x8x4x4xi32>
  return %y : tensor<1x8x4x4xi32>
}

// A filter that is computed stays as it is.
// CHECK-LABEL: @computed_filter
// CHECK: kernel.micro "ik_convnd_i32_u8_u8"
func.func @computed_filter(%x: tensor<1x6x4x4xui8>, %w: tensor<8x6x1x1xui8>) -> tensor<1x8x4x4xi32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x6x4x4xui8>, tensor<8x6x1x1xui8>) -> tensor<1x8x4x4xi32>
  return %y : tensor<1x8x4x4xi32>
}

// One constant scale: its inverse and two corrections for each element; a scale that is computed divides.
// CHECK-LABEL: @quantize
// CHECK-COUNT-4: math.fma
// CHECK-LABEL: @quantize_words
// CHECK-COUNT-4: math.fma
// CHECK-LABEL: @quantize_computed
// CHECK-NOT: math.fma
// CHECK: arith.divf
func.func @quantize(%x: tensor<4x5xf32>) -> tensor<4x5xui8> {
  %s = nn.constant dense<0.3> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %y = quant.quantize %x, %s, %z axis 0 : (tensor<4x5xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x5xui8>
  return %y : tensor<4x5xui8>
}
func.func @quantize_words(%x: tensor<4x5xf32>) -> tensor<4x5xui16> {
  %s = nn.constant dense<0.3> : tensor<f32>
  %z = nn.constant dense<30000> : tensor<ui16>
  %y = quant.quantize %x, %s, %z axis 0 : (tensor<4x5xf32>, tensor<f32>, tensor<ui16>) -> tensor<4x5xui16>
  return %y : tensor<4x5xui16>
}
func.func @quantize_computed(%x: tensor<4x5xf32>, %s: tensor<f32>) -> tensor<4x5xui8> {
  %z = nn.constant dense<3> : tensor<ui8>
  %y = quant.quantize %x, %s, %z axis 0 : (tensor<4x5xf32>, tensor<f32>, tensor<ui8>) -> tensor<4x5xui8>
  return %y : tensor<4x5xui8>
}

// A sum of bytes is two multiply-adds where some factors give every byte; sums on ties that were rounded before keep the definition.
// CHECK-LABEL: @add
// CHECK-COUNT-2: math.fma
// CHECK-NOT: arith.divf
// CHECK-LABEL: @add_of_ties
// CHECK: arith.divf
func.func @add(%a: tensor<4xui8>, %b: tensor<4xi8>) -> tensor<4xui8> {
  %s = nn.constant dense<0.37> : tensor<f32>
  %t = nn.constant dense<0.51> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %zi = nn.constant dense<-3> : tensor<i8>
  %y = quant.add %a, %s, %z, %b, %t, %zi, %s, %z : (tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<4xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}
func.func @add_of_ties(%a: tensor<4xui8>) -> tensor<4xui8> {
  %s = nn.constant dense<0.1> : tensor<f32>
  %t = nn.constant dense<0.3> : tensor<f32>
  %y = nn.constant dense<0.2> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %r = quant.add %a, %s, %z, %a, %t, %z, %y, %z : (tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %r : tensor<4xui8>
}
