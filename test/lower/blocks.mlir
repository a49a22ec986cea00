// RUN: %ingot-opt --ingot-lower-to-kernels --cse --split-input-file --verify-diagnostics %s | FileCheck %s

// Products of one input share its quantised form; rows of a tied embedding read the packed weight of the product.
// CHECK-LABEL: @tied
// CHECK: %[[W:.*]] = nn.weight @w.panels : tensor<1152xui8>
// CHECK: %[[R:.*]] = kernel.micro "ik_block_rows_q4_0"(%[[W]], %arg0) params [2, 20, 64] scratch 0 work 128
// CHECK: %[[Q:.*]] = kernel.micro "ik_block_quantize"(%[[R]]) params [2, 64] scratch 0 work 128 : (tensor<2x64xf32>) -> tensor<192xui8>
// CHECK: kernel.micro "ik_block_matmul_q4_0"(%[[Q]], %[[W]]) params [2, 20, 64] scratch 0 work 2560
// CHECK-NOT: quantize
// CHECK: kernel.micro "ik_block_matmul_q8_0"(%[[Q]],
func.func @tied(%ids: tensor<2xi32>) -> (tensor<2x20xf32>, tensor<2x3xf32>) {
  %w = nn.weight @w : tensor<20x36xui8>
  %v = nn.weight @v : tensor<3x68xui8>
  %x = quant.block_rows %w, %ids format "q4_0" k 64 : (tensor<20x36xui8>, tensor<2xi32>) -> tensor<2x64xf32>
  %y = quant.block_matmul %x, %w format "q4_0" : (tensor<2x64xf32>, tensor<20x36xui8>) -> tensor<2x20xf32>
  %z = quant.block_matmul %x, %v format "q8_0" : (tensor<2x64xf32>, tensor<3x68xui8>) -> tensor<2x3xf32>
  return %y, %z : tensor<2x20xf32>, tensor<2x3xf32>
}

// -----

// Entry points that use one weight get one packed weight.
// CHECK-LABEL: @prefill
// CHECK: nn.weight @u.panels
// CHECK-LABEL: @decode
// CHECK: nn.weight @u.panels : tensor<
func.func @prefill(%x: tensor<4x256xf32>) -> tensor<4x20xf32> {
  %w = nn.weight @u : tensor<20x144xui8>
  %y = quant.block_matmul %x, %w format "q4_k" : (tensor<4x256xf32>, tensor<20x144xui8>) -> tensor<4x20xf32>
  return %y : tensor<4x20xf32>
}
func.func @decode(%x: tensor<1x256xf32>) -> tensor<1x20xf32> {
  %w = nn.weight @u : tensor<20x144xui8>
  %y = quant.block_matmul %x, %w format "q4_k" : (tensor<1x256xf32>, tensor<20x144xui8>) -> tensor<1x20xf32>
  return %y : tensor<1x20xf32>
}

// -----

// Activations of 16 bits are two rows of digits for each row.
// CHECK-LABEL: @wide
// CHECK: %[[Q:.*]] = kernel.micro "ik_block_quantize16"(%arg0) params [2, 64] scratch 0 work 128 : (tensor<2x64xf32>) -> tensor<384xui8>
// CHECK: kernel.micro "ik_block_matmul16_q8_0"(%[[Q]],
// CHECK: kernel.micro "ik_block_matmul_f16"(%arg0,
func.func @wide(%x: tensor<2x64xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %v = nn.weight @v : tensor<3x68xui8>
  %w = nn.weight @w : tensor<3x128xui8>
  %y = quant.block_matmul %x, %v format "q8_0" activations 16 : (tensor<2x64xf32>, tensor<3x68xui8>) -> tensor<2x3xf32>
  %z = quant.block_matmul %x, %w format "f16" activations 16 : (tensor<2x64xf32>, tensor<3x128xui8>) -> tensor<2x3xf32>
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// Float formats take the activations as they are.
// CHECK-LABEL: @floats
// CHECK-NOT: quantize
// CHECK: kernel.micro "ik_block_matmul_f16"(%arg0,
func.func @floats(%x: tensor<4x5xf32>) -> tensor<4x3xf32> {
  %w = nn.weight @w : tensor<3x10xui8>
  %y = quant.block_matmul %x, %w format "f16" : (tensor<4x5xf32>, tensor<3x10xui8>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// -----

// Weights are packed when Ingot compiles: computed ones have no kernel.
func.func @computed(%x: tensor<4x32xf32>, %w: tensor<3x34xui8>) -> tensor<4x3xf32> {
  // expected-error @+1 {{unsupported: quant.block_matmul: block-quantised weights that are computed}}
  %y = quant.block_matmul %x, %w format "q8_0" : (tensor<4x32xf32>, tensor<3x34xui8>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// -----

// A mixture of experts: all matrices are packed one after another; one row of activations may serve all slots.
// CHECK-LABEL: @experts
// CHECK: %[[W:.*]] = nn.weight @e.panels : tensor<2176xui8>
// CHECK: %[[Q:.*]] = kernel.micro "ik_block_quantize"(%arg0) params [2, 32]
// CHECK: kernel.micro "ik_block_experts_q8_0"(%[[Q]], %[[W]], %arg1) params [2, 3, 1, 4, 5, 32] scratch 2752 work 960
func.func @experts(%x: tensor<2x1x32xf32>, %chosen: tensor<2x3xi32>) -> tensor<2x3x5xf32> {
  %w = nn.weight @e : tensor<4x5x34xui8>
  %y = quant.block_matmul_experts %x, %w, %chosen format "q8_0" : (tensor<2x1x32xf32>, tensor<4x5x34xui8>, tensor<2x3xi32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}
