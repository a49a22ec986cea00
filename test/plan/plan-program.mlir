// RUN: %ingot-opt --ingot-plan-program %s | FileCheck %s

// A chain through the arena: places do not overlap while both live, a barrier stands between writer and reader, the output is the caller's.
// CHECK: deploy.program @run arena 128 scratch 0 workers 2
// CHECK-NEXT: deploy.call "a" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<arena, 0, [[A:[0-9]+]], 64>]
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "b" params [] places [#deploy.place<arena, 0, [[A]], 64>, #deploy.place<arena, 0, {{[0-9]+}}, 64>]
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "c" params [7] places [#deploy.place<arena, 0, {{[0-9]+}}, 64>, #deploy.place<weights, 0, 0, 64>, #deploy.place<output, 0, 0, 64>]
// CHECK-NOT: deploy.barrier
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %w = nn.constant dense<1.0> : tensor<16xf32>
  %a = kernel.micro "a"(%x) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "b"(%a) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %c = kernel.micro "c"(%b, %w) params [7] scratch 0 work 16 : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %c : tensor<16xf32>
}
