// RUN: %python %S/Inputs/layers.py 3 25 | %ingot-opt --ingot-roll-steps | FileCheck %s
// RUN: %python %S/Inputs/layers.py 3 24 | %ingot-opt --ingot-roll-steps | FileCheck %s --check-prefix=SHORT

// Layers are turns of a loop: which kernel, and offsets that differ, stand in the table, a row a turn; what is the same is a constant. The steps stay for
// whoever reads them.
// CHECK: deploy.shared @rolled_0 scratch 64 columns 2 table [0, 64, 1, 128, 0, 192] {
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "k" params [7] places [#deploy.place<weights, 0, 64, 4>, #deploy.place<arena, 0, 0, 4>] work 1 {callees = ["k", "other"], columns = array<i64: 0, -1, -1, 1, -1>}
// CHECK-NEXT: deploy.call "k" params [101] places [#deploy.place<arena, 0, 4, 4>, #deploy.place<arena, 0, 8, 4>] work 1 {columns = array<i64: -1, -1, -1, -1, -1>}
// CHECK-COUNT-23: deploy.call
// CHECK-NOT: deploy.call
// CHECK: deploy.program @run
// CHECK-COUNT-77: deploy.call
// CHECK: {rolled = [{first = 1 : i64, steps = "rolled_0", turns = 3 : i64}]}

// Three layers of 24 calls save 48 of them, of 23 they would not be worth it.
// SHORT: deploy.shared @rolled_0

// RUN: %python %S/Inputs/layers.py 3 23 | %ingot-opt --ingot-roll-steps | FileCheck %s --check-prefix=NONE
// NONE-NOT: rolled

// The layers of a language model, with windows and without, and two workers: the logits are those of the family's definition.
// RUN: %python %root/tools/models/make_families.py %t gemma3
// RUN: %ingot test %t/model.gguf --golden %t/golden.npz --dump-ir %t/ir | FileCheck %s --check-prefix=GOLDEN
// RUN: cat %t/ir/*-plan-ingot-roll-steps.mlir | FileCheck %s --check-prefix=ROLLED
// ROLLED: rolled = [{first = {{[0-9]+}} : i64, steps = "rolled_0", turns = 5 : i64}]
// GOLDEN: logits {{.*}} ok
