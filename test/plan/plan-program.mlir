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
  %a = kernel.micro "a"(%x) params [] scratch 0 work 16384000 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "b"(%a) params [] scratch 0 work 16384000 : (tensor<16xf32>) -> tensor<16xf32>
  %c = kernel.micro "c"(%b, %w) params [7] scratch 0 work 16384000 : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %c : tensor<16xf32>
}

// -----

// Small calls belong to worker 0: no barrier between two of them, but one before a shared call that reads what they wrote.
// CHECK: deploy.call "small1" {{.*}} work 16 {serial
// CHECK-NEXT: deploy.call "small2" {{.*}} work 16 {serial
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "large" {{.*}} work 16384000
// CHECK-NOT: serial
// CHECK: deploy.barrier
// CHECK-NEXT: deploy.call "small3" {{.*}} work 16 {serial
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %a = kernel.micro "small1"(%x) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %b = kernel.micro "small2"(%a) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  %c = kernel.micro "large"(%b) params [] scratch 0 work 16384000 : (tensor<16xf32>) -> tensor<16xf32>
  %d = kernel.micro "small3"(%c) params [] scratch 0 work 16 : (tensor<16xf32>) -> tensor<16xf32>
  return %d : tensor<16xf32>
}

// -----

// A second worker must save a quarter of the program's time: here it would save less, for most of it is small calls, whatever their number.
// CHECK: deploy.call "shared" {{.*}} work 2000000 {serial
// CHECK-NOT: deploy.barrier
// CHECK: deploy.call "alone" {{.*}} {serial
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %a = kernel.micro "shared"(%x) params [] scratch 0 work 2000000 : (tensor<16xf32>) -> tensor<16xf32>
  %b0 = kernel.micro "alone"(%a) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b1 = kernel.micro "alone"(%b0) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b2 = kernel.micro "alone"(%b1) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b3 = kernel.micro "alone"(%b2) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b4 = kernel.micro "alone"(%b3) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b5 = kernel.micro "alone"(%b4) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b6 = kernel.micro "alone"(%b5) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b7 = kernel.micro "alone"(%b6) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b8 = kernel.micro "alone"(%b7) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b9 = kernel.micro "alone"(%b8) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b10 = kernel.micro "alone"(%b9) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b11 = kernel.micro "alone"(%b10) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b12 = kernel.micro "alone"(%b11) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b13 = kernel.micro "alone"(%b12) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b14 = kernel.micro "alone"(%b13) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b15 = kernel.micro "alone"(%b14) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b16 = kernel.micro "alone"(%b15) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b17 = kernel.micro "alone"(%b16) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b18 = kernel.micro "alone"(%b17) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b19 = kernel.micro "alone"(%b18) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b20 = kernel.micro "alone"(%b19) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b21 = kernel.micro "alone"(%b20) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b22 = kernel.micro "alone"(%b21) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b23 = kernel.micro "alone"(%b22) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  %b24 = kernel.micro "alone"(%b23) params [] scratch 0 work 49000 : (tensor<16xf32>) -> tensor<16xf32>
  return %b24 : tensor<16xf32>
}

// -----

// Weights that no cache holds take their time to be read, whatever the products; a gather reads no more than it makes.
// CHECK: deploy.call "matvec"
// CHECK-NOT: serial
// CHECK-SAME: work 1048576
// CHECK: deploy.call "row" {{.*}} work 1024 {serial
func.func @main(%x: tensor<1024xf32>) -> tensor<1024xf32> {
  %w = nn.weight @w : tensor<1048576xf32>
  %y = kernel.micro "matvec"(%x, %w) params [] scratch 0 work 1048576 : (tensor<1024xf32>, tensor<1048576xf32>) -> tensor<1024xf32>
  %z = kernel.micro "row"(%y, %w) params [] scratch 0 work 1024 : (tensor<1024xf32>, tensor<1048576xf32>) -> tensor<1024xf32>
  return %z : tensor<1024xf32>
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

// -----

// A call of several turns is one step that says so. It is split where a turn is worth a barrier.
// CHECK: deploy.call "k" params [100, 0] places [{{.*}}] work 100000000 {source = "", turns = 0 : i64}
// CHECK: deploy.call "k" params [100, 0] places [{{.*}}] work 1000000 {serial, source = "", turns = 0 : i64}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = kernel.micro "k"(%x) params [100, 0] scratch 0 work 100000000 {turns = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  %z = kernel.micro "k"(%y) params [100, 0] scratch 0 work 1000000 {turns = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

// What another core wrote has to come from its cache: calls that read much and compute little stay with the first worker,
// CHECK: deploy.call "reads" {{.*}} work 2000000 {serial
// CHECK: deploy.call "reads" {{.*}} work 2000000 {serial
func.func @main(%x: tensor<256x1024xf32>) -> tensor<16xf32> {
  %a = kernel.micro "reads"(%x) params [] scratch 0 work 2000000 : (tensor<256x1024xf32>) -> tensor<256x1024xf32>
  %b = kernel.micro "reads"(%a) params [] scratch 0 work 2000000 : (tensor<256x1024xf32>) -> tensor<16xf32>
  return %b : tensor<16xf32>
}

// -----

// and so do products of bytes, of which there are four to a lane, where as many of floats would be shared.
// CHECK: deploy.call "bytes" {{.*}} work 2500000 {serial
func.func @main(%x: tensor<16xi8>) -> tensor<16xi8> {
  %a = kernel.micro "bytes"(%x) params [] scratch 0 work 2500000 : (tensor<16xi8>) -> tensor<16xi8>
  return %a : tensor<16xi8>
}

// -----

// CHECK: deploy.call "floats" {{.*}} work 2500000 {source
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %a = kernel.micro "floats"(%x) params [] scratch 0 work 2500000 : (tensor<16xf32>) -> tensor<16xf32>
  return %a : tensor<16xf32>
}
