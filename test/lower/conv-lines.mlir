// RUN: %ingot-opt --ingot-lower-to-kernels %s | FileCheck %s

// Taps read lines that were copied once; all 14 rows of outputs are one band (parameter 26).
// CHECK-LABEL: @lines
// CHECK: kernel.micro "ik_convlines_f32"{{.*}} params [1, 1, 8, 16, 1, 14, 14, 1, 14, 14, 1, 3, 3, {{.*}}, 0, 0, 14, 0, 0, {{[0-9]+}}, {{[0-9]+}}, 1]
func.func @lines(%x: tensor<1x8x14x14xf32>, %w: tensor<16x8x3x3xf32>) -> tensor<1x16x14x14xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x8x14x14xf32>, tensor<16x8x3x3xf32>) -> tensor<1x16x14x14xf32>
  return %y : tensor<1x16x14x14xf32>
}

// Lines of 64 channels with 256 columns do not fit 192 KiB for all rows: bands of one.
// CHECK-LABEL: @bands
// CHECK: kernel.micro "ik_convlines_f32"{{.*}}, 0, 0, 1, 0, 0, {{[0-9]+}}, {{[0-9]+}}, 1]
func.func @bands(%x: tensor<1x60x256x256xf32>, %w: tensor<16x60x3x3xf32>) -> tensor<1x16x256x256xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x60x256x256xf32>, tensor<16x60x3x3xf32>) -> tensor<1x16x256x256xf32>
  return %y : tensor<1x16x256x256xf32>
}

// Lines that never fit: a copy for every tap instead.
// CHECK-LABEL: @wide
// CHECK: kernel.micro "ik_conv_f32"
func.func @wide(%x: tensor<1x600x9x256xf32>, %w: tensor<16x600x3x3xf32>) -> tensor<1x16x9x256xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x600x9x256xf32>, tensor<16x600x3x3xf32>) -> tensor<1x16x9x256xf32>
  return %y : tensor<1x16x9x256xf32>
}

// Of a plane of 4x4 two of three places lie between the rows: still less than copies of such short rows for every tap.
// CHECK-LABEL: @tiny
// CHECK: kernel.micro "ik_convlines_f32"
func.func @tiny(%x: tensor<1x64x4x4xf32>, %w: tensor<64x64x3x3xf32>) -> tensor<1x64x4x4xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x64x4x4xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x4x4xf32>
  return %y : tensor<1x64x4x4xf32>
}

// Nine megabytes of weights, read once for every two rows of lines or once for each of two tiles.
// CHECK-LABEL: @deep
// CHECK: kernel.micro "ik_conv_f32"
func.func @deep(%x: tensor<1x512x14x14xf32>, %w: tensor<512x512x3x3xf32>) -> tensor<1x512x7x7xf32> {
  %y = nn.conv %x, %w strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x512x14x14xf32>, tensor<512x512x3x3xf32>) -> tensor<1x512x7x7xf32>
  return %y : tensor<1x512x7x7xf32>
}

// Many channels and places, 3x3 with stride 1: Winograd's form, 36 values a channel instead of 9.
// CHECK-LABEL: @winograd
// CHECK: kernel.micro "ik_convwino_f32"{{.*}}tensor<1x32x40x40xf32>, tensor<1x3x36x32x8xf32>
func.func @winograd(%x: tensor<1x32x40x40xf32>) -> tensor<1x20x40x40xf32> {
  %w = nn.constant dense<1.0> : tensor<20x32x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x32x40x40xf32>, tensor<20x32x3x3xf32>) -> tensor<1x20x40x40xf32>
  return %y : tensor<1x20x40x40xf32>
}

// So for f16, with a transformed filter in f32.
// CHECK-LABEL: @half
// CHECK: kernel.micro "ik_convwino_f16"{{.*}}tensor<1x32x40x40xf16>, tensor<1x3x36x32x8xf32>
func.func @half(%x: tensor<1x32x40x40xf16>) -> tensor<1x20x40x40xf16> {
  %w = nn.constant dense<1.0> : tensor<20x32x3x3xf16>
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x32x40x40xf16>, tensor<20x32x3x3xf16>) -> tensor<1x20x40x40xf16>
  return %y : tensor<1x20x40x40xf16>
}

// Four places: vectors of channels.
// CHECK-LABEL: @few
// CHECK: kernel.micro "ik_convfew_f32"{{.*}}tensor<1x32x4xf32>, tensor<1x2x96x16xf32>
func.func @few(%x: tensor<1x32x4xf32>) -> tensor<1x20x4xf32> {
  %w = nn.constant dense<1.0> : tensor<20x32x3xf32>
  %y = nn.conv %x, %w strides [1] pad_low [1] pad_high [1] dilations [1] group 1 : (tensor<1x32x4xf32>, tensor<20x32x3xf32>) -> tensor<1x20x4xf32>
  return %y : tensor<1x20x4xf32>
}

// Planes of 13x13 fill neither vectors of places nor lines: vectors of channels, all rows in one band.
// CHECK-LABEL: @channels
// CHECK: kernel.micro "ik_convchannels_f32"{{.*}} params [1, 1, 64, 256, 1, 13, 13, 1, 13, 13, 1, 3, 3, {{.*}}, 0, 1, 13, 0, 0, {{[0-9]+}}, {{[0-9]+}}, 1]{{.*}}tensor<1x16x576x16xf32>
func.func @channels(%x: tensor<1x64x13x13xf32>) -> tensor<1x256x13x13xf32> {
  %w = nn.constant dense<1.0> : tensor<256x64x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x64x13x13xf32>, tensor<256x64x3x3xf32>) -> tensor<1x256x13x13xf32>
  return %y : tensor<1x256x13x13xf32>
}

// Along one axis the tiles between the ends read the input where it lies: neither lines nor vectors of channels.
// CHECK-LABEL: @axis
// CHECK: kernel.micro "ik_conv_f32"{{.*}} params [1, 1, 64, 64, 1, 1, 800,
func.func @axis(%x: tensor<1x64x800xf32>) -> tensor<1x64x800xf32> {
  %w = nn.constant dense<1.0> : tensor<64x64x11xf32>
  %y = nn.conv %x, %w strides [1] pad_low [5] pad_high [5] dilations [1] group 1 : (tensor<1x64x800xf32>, tensor<64x64x11xf32>) -> tensor<1x64x800xf32>
  return %y : tensor<1x64x800xf32>
}

// Taps outside of the input are left out if the filter is finite (the last parameter): few of this one's rows meet others than the middle one.
// CHECK-LABEL: @dilated
// CHECK: kernel.micro "ik_convchannels_f32"{{.*}} params [1, 1, 160, 256, 1, 14, 14, 1, 14, 14, 1, 3, 3, {{.*}}, 0, 1, 14, 0, 0, {{[0-9]+}}, {{[0-9]+}}, 1]
func.func @dilated(%x: tensor<1x160x14x14xf32>) -> tensor<1x256x14x14xf32> {
  %w = nn.constant dense<1.0> : tensor<256x160x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [12, 12] pad_high [12, 12] dilations [12, 12] group 1 : (tensor<1x160x14x14xf32>, tensor<256x160x3x3xf32>) -> tensor<1x256x14x14xf32>
  return %y : tensor<1x256x14x14xf32>
}

// An infinity by padding is no zero.
// CHECK-LABEL: @infinite
// CHECK: kernel.micro "ik_convchannels_f32"{{.*}}, 0, 0, {{[0-9]+}}, {{[0-9]+}}, 0]
func.func @infinite(%x: tensor<1x160x14x14xf32>) -> tensor<1x256x14x14xf32> {
  %w = nn.constant dense<0x7F800000> : tensor<256x160x3x3xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [12, 12] pad_high [12, 12] dilations [12, 12] group 1 : (tensor<1x160x14x14xf32>, tensor<256x160x3x3xf32>) -> tensor<1x256x14x14xf32>
  return %y : tensor<1x256x14x14xf32>
}

// A pointwise convolution is one row of places; with few output channels its bands are shorter than the plane.
// CHECK-LABEL: @pointwise
// CHECK: kernel.micro "ik_convchannels_f32"{{.*}} params [1, 1, 192, 32, 1, 1, 196, 1, 1, 196, {{.*}}, 0, 1, 49, 0, 0,
func.func @pointwise(%x: tensor<1x192x14x14xf32>) -> tensor<1x32x14x14xf32> {
  %w = nn.constant dense<1.0> : tensor<32x192x1x1xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x192x14x14xf32>, tensor<32x192x1x1xf32>) -> tensor<1x32x14x14xf32>
  return %y : tensor<1x32x14x14xf32>
}

// With stride 2 the sums stay direct.
// CHECK-LABEL: @strided
// CHECK: kernel.micro "ik_convlines_f32"
func.func @strided(%x: tensor<1x32x80x80xf32>) -> tensor<1x20x40x40xf32> {
  %w = nn.constant dense<1.0> : tensor<20x32x3x3xf32>
  %y = nn.conv %x, %w strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x32x80x80xf32>, tensor<20x32x3x3xf32>) -> tensor<1x20x40x40xf32>
  return %y : tensor<1x20x40x40xf32>
}
