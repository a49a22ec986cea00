// RUN: %ingot-opt --ingot-lower-to-kernels --cse --split-input-file --verify-diagnostics %s | FileCheck %s

// 8-bit activations are shared; rows read the packed weight of the product. Scales of 1 are f16 numbers: 20 rows are 2 panels of 2 * (32 + 256) bytes.
// CHECK-LABEL: @tied
// CHECK-DAG: kernel.micro "ik_block_quantize"(%arg0) params [3, 64]
// CHECK-DAG: kernel.micro "ik_nbits_matmul_4"(%{{.*}}, %{{.*}}) params [3, 20, 64, 4, 1, 2, 0] {{.*}} tensor<1152xui8>
// CHECK-DAG: kernel.micro "ik_nbits_rows"(%{{.*}}, %arg1) params [2, 20, 64, 4, 1, 2, 0]
func.func @tied(%x: tensor<3x64xf32>, %ids: tensor<2xi32>) -> (tensor<3x20xf32>, tensor<2x64xf32>) {
  %w = nn.constant dense<7> : tensor<20x2x16xui8>
  %s = nn.constant dense<1.0> : tensor<40xf32>
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<3x64xf32>, tensor<20x2x16xui8>, tensor<40xf32>) -> tensor<3x20xf32>
  %r = quant.nbits_rows %w, %s, %ids bits 4 block 32 k 64 : (tensor<20x2x16xui8>, tensor<40xf32>, tensor<2xi32>) -> tensor<2x64xf32>
  return %y, %r : tensor<3x20xf32>, tensor<2x64xf32>
}

// -----

// Zero points and blocks of 16 have kernels of their own; activations of 32 bits stay floats.
// CHECK-LABEL: @forms
// CHECK-DAG: "ik_nbits_matmul_8z"(%{{.*}}, %{{.*}}) params [3, 20, 64, 8, 2, 4, 1]
// CHECK-DAG: "ik_nbits_matmul_2h"(%{{.*}}, %{{.*}}) params [3, 20, 64, 2, 0, 4, 0]
// CHECK-DAG: "ik_nbits_float"(%arg0, %{{.*}}) params [3, 20, 64, 2, 0, 4, 0] scratch 16448
func.func @forms(%x: tensor<3x64xf32>) -> (tensor<3x20xf32>, tensor<3x20xf32>, tensor<3x20xf32>) {
  %w = nn.constant dense<7> : tensor<20x1x64xui8>
  %s = nn.constant dense<0.1> : tensor<20xf32>
  %z = nn.constant dense<100> : tensor<20xui8>
  %v = nn.constant dense<7> : tensor<20x4x4xui8>
  %t = nn.constant dense<0.1> : tensor<80xf32>
  %a = quant.nbits_matmul %x, %w, %s zeros %z bits 8 block 64 : (tensor<3x64xf32>, tensor<20x1x64xui8>, tensor<20xf32>, tensor<20xui8>) -> tensor<3x20xf32>
  %b = quant.nbits_matmul %x, %v, %t bits 2 block 16 : (tensor<3x64xf32>, tensor<20x4x4xui8>, tensor<80xf32>) -> tensor<3x20xf32>
  %c = quant.nbits_matmul %x, %v, %t bits 2 block 16 activations 32 : (tensor<3x64xf32>, tensor<20x4x4xui8>, tensor<80xf32>) -> tensor<3x20xf32>
  return %a, %b, %c : tensor<3x20xf32>, tensor<3x20xf32>, tensor<3x20xf32>
}

// -----

// Zero points that are floats are bytes where they can be.
// CHECK-LABEL: @zeros
// CHECK-DAG: "ik_nbits_float"(%arg0, %{{.*}}) params [3, 2, 64, 4, 2, 4, 1]
// CHECK-DAG: "ik_nbits_float"(%arg0, %{{.*}}) params [3, 2, 64, 4, 2, 4, 4]
func.func @zeros(%x: tensor<3x64xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %w = nn.constant dense<7> : tensor<2x1x32xui8>
  %s = nn.constant dense<0.1> : tensor<2xf32>
  %z = nn.constant dense<[7.0, 255.0]> : tensor<2xf32>
  %f = nn.constant dense<[7.0, 7.5]> : tensor<2xf32>
  %a = quant.nbits_matmul %x, %w, %s zeros %z bits 4 block 64 activations 32 : (tensor<3x64xf32>, tensor<2x1x32xui8>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %b = quant.nbits_matmul %x, %w, %s zeros %f bits 4 block 64 activations 32 : (tensor<3x64xf32>, tensor<2x1x32xui8>, tensor<2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %a, %b : tensor<3x2xf32>, tensor<3x2xf32>
}

// -----

func.func @computed(%x: tensor<3x64xf32>, %w: tensor<20x2x16xui8>, %s: tensor<40xf32>) -> tensor<3x20xf32> {
  // expected-error @+1 {{b-bit weights that are computed}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<3x64xf32>, tensor<20x2x16xui8>, tensor<40xf32>) -> tensor<3x20xf32>
  return %y : tensor<3x20xf32>
}
