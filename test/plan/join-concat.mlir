// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-collapse-maps --ingot-outline-maps --ingot-plan-program %s | FileCheck %s

// Kernels whose results are joined write into the joined buffer: no copy is left, and their parts need no barrier between them.
// CHECK: deploy.call "a" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<output, 0, 0, 64>]
// CHECK-NEXT: deploy.call "b" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<output, 0, 64, 128>]
// CHECK-NOT: deploy.{{call|barrier}}
func.func @main(%x: tensor<1x16xf32>) -> tensor<1x48xf32> {
  %a = kernel.micro "a"(%x) params [] scratch 0 work 16 : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %b = kernel.micro "b"(%x) params [] scratch 0 work 16 : (tensor<1x16xf32>) -> tensor<1x32xf32>
  %c = nn.concat %a, %b axis 1 : (tensor<1x16xf32>, tensor<1x32xf32>) -> tensor<1x48xf32>
  return %c : tensor<1x48xf32>
}
