// RUN: %ingot-opt --ingot-plan-program --split-input-file %s | FileCheck %s

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
  %a = kernel.micro "a"(%x) params [] scratch 0 work 1638400 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "b"(%a) params [] scratch 0 work 1638400 : (tensor<16xf32>) -> tensor<16xf32>
  %c = kernel.micro "c"(%b, %w) params [7] scratch 0 work 1638400 : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %c : tensor<16xf32>
}

// -----

// Small calls belong to worker 0: no barrier between two of them, but one before a shared call that reads what they wrote.
// CHECK: deploy.call "small1" {{.*}} work 16 {serial
// CHECK-NEXT: deploy.call "small2" {{.*}} work 16 {serial
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "large" {{.*}} work 1638400
// CHECK-NOT: serial
// CHECK: deploy.barrier
// CHECK-NEXT: deploy.call "small3" {{.*}} work 16 {serial
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %a = kernel.micro "small1"(%x) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "small2"(%a) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %c = kernel.micro "large"(%b) params [] scratch 0 work 1638400 : (tensor<16xf32>) -> tensor<16xf32>
  %d = kernel.micro "small3"(%c) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  return %d : tensor<16xf32>
}

// -----

// One call worth sharing is not worth waking the other workers for: everything is worker 0's.
// CHECK: deploy.call "medium" {{.*}} work 60000 {serial
// CHECK-NOT: deploy.barrier
// CHECK: deploy.call "after" {{.*}} work 16 {serial
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %a = kernel.micro "medium"(%x) params [] scratch 0 work 60000 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "after"(%a) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  return %b : tensor<16xf32>
}
