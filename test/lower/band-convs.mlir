// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-band-convs=cache-bytes=196608 %s | FileCheck %s
// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-band-convs %s | FileCheck %s --check-prefix=NONE
// NONE-NOT: +ik_

// Between them lie 16 channels of 64x64 and of 32x32: more than the cache holds beside input and result. Four bands of eight rows. The parameters begin with the
// bands and with channels, height and width of the four tensors.
// CHECK-LABEL: @fires
// CHECK: %[[Y:.*]] = kernel.micro "ik_conv_f32+ik_dwconv_direct_f32+ik_conv_f32"(%arg0, {{%[^,]*, %[^,]*, %[^,]*, %[^,]*}}, %arg1) params [4, 3, 64, 64, 16, 64, 64, 16, 32, 32, 8, 32, 32, 1, 1, 3, 16, 
// CHECK-NEXT: return %[[Y]]
func.func @fires(%x: tensor<1x3x64x64xf32>, %r: tensor<1x8x32x32xf32>) -> tensor<1x8x32x32xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x3x64x64xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x64x64xf32>
  %b = nn.conv %a, %wb, %bias strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x64x64xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x32x32xf32>
  %c = nn.conv %b, %wc residual %r strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 {ingot.residual = "after"} : (tensor<1x16x32x32xf32>, tensor<8x16x1x1xf32>, tensor<1x8x32x32xf32>) -> tensor<1x8x32x32xf32>
  return %c : tensor<1x8x32x32xf32>
}

// What another reads too has to be whole.
// CHECK-LABEL: @read_twice
// CHECK-NOT: +ik_
func.func @read_twice(%x: tensor<1x3x64x64xf32>) -> (tensor<1x8x32x32xf32>, tensor<1x16x64x64xf32>) {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x3x64x64xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x64x64xf32>
  %b = nn.conv %a, %wb, %bias strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x64x64xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x32x32xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x16x32x32xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x32x32xf32>
  return %c, %a : tensor<1x8x32x32xf32>, tensor<1x16x64x64xf32>
}

// All fits the cache.
// CHECK-LABEL: @fits
// CHECK-NOT: +ik_
func.func @fits(%x: tensor<1x3x32x32xf32>) -> tensor<1x8x32x32xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x3x32x32xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x32x32xf32>
  %b = nn.conv %a, %wb, %bias strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x32x32xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x32x32xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x16x32x32xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x32x32xf32>
  return %c : tensor<1x8x32x32xf32>
}

// So few rows of wide planes fit the cache that each band would compute half of its rows again.
// CHECK-LABEL: @overlaps
// CHECK-NOT: +ik_
func.func @overlaps(%x: tensor<1x3x64x1024xf32>) -> tensor<1x8x64x1024xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x3x64x1024xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x64x1024xf32>
  %b = nn.conv %a, %wb, %bias strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x64x1024xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x64x1024xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x16x64x1024xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x64x1024xf32>
  return %c : tensor<1x8x64x1024xf32>
}

// Batches are left alone.
// CHECK-LABEL: @batch
// CHECK-NOT: +ik_
func.func @batch(%x: tensor<2x3x64x64xf32>) -> tensor<2x8x32x32xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<2x3x64x64xf32>, tensor<16x3x1x1xf32>) -> tensor<2x16x64x64xf32>
  %b = nn.conv %a, %wb, %bias strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<2x16x64x64xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<2x16x32x32xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<2x16x32x32xf32>, tensor<8x16x1x1xf32>) -> tensor<2x8x32x32xf32>
  return %c : tensor<2x8x32x32xf32>
}

// The last convolution has to be pointwise.
// CHECK-LABEL: @spreads
// CHECK-NOT: +ik_
func.func @spreads(%x: tensor<1x3x64x64xf32>) -> tensor<1x8x32x32xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %bias = nn.constant dense<0.25> : tensor<16xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x3x3xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x3x64x64xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x64x64xf32>
  %b = nn.conv %a, %wb, %bias strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x64x64xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x32x32xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x16x32x32xf32>, tensor<8x16x3x3xf32>) -> tensor<1x8x32x32xf32>
  return %c : tensor<1x8x32x32xf32>
}

// An input of padding alone has no rows for a band.
// CHECK-LABEL: @empty
// CHECK-NOT: +ik_
func.func @empty(%x: tensor<1x3x0x64xf32>) -> tensor<1x8x64x64xf32> {
  %wa = nn.constant dense<0.5> : tensor<16x3x1x1xf32>
  %wb = nn.constant dense<0.5> : tensor<16x1x3x3xf32>
  %wc = nn.constant dense<0.5> : tensor<8x16x1x1xf32>
  %a = nn.conv %x, %wa strides [1, 1] pad_low [32, 0] pad_high [32, 0] dilations [1, 1] group 1 : (tensor<1x3x0x64xf32>, tensor<16x3x1x1xf32>) -> tensor<1x16x64x64xf32>
  %b = nn.conv %a, %wb strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 16 : (tensor<1x16x64x64xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x64x64xf32>
  %c = nn.conv %b, %wc strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x16x64x64xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x64x64xf32>
  return %c : tensor<1x8x64x64xf32>
}
