// RUN: %ingot-opt --ingot-fold-constants --ingot-lower-to-kernels --ingot-share-tables --split-input-file %s | FileCheck %s --check-prefix=OPT

// OPT-LABEL: @shared
// OPT: %[[PANELS:.*]] = nn.weight @[[PACKED:.*]] : tensor<1x2x4x16xf32>
// OPT: kernel.micro "ik_gather_columns"(%[[PANELS]], %arg0) params [1, 20, 6, 4, 4]
// OPT: nn.weight @[[PACKED]]
func.func @shared(%ids: tensor<6xi64>, %x: tensor<3x4xf32>) -> (tensor<6x4xf32>, tensor<3x20xf32>) {
  %c = nn.constant dense<1.0> : tensor<4x20xf32>
  %t = nn.transpose %c perm [1, 0] : (tensor<4x20xf32>) -> tensor<20x4xf32>
  %g = nn.gather %t, %ids axis 0 : (tensor<20x4xf32>, tensor<6xi64>) -> tensor<6x4xf32>
  %r = nn.transpose %t perm [1, 0] : (tensor<20x4xf32>) -> tensor<4x20xf32>
  %y = nn.matmul %x, %r : (tensor<3x4xf32>, tensor<4x20xf32>) -> tensor<3x20xf32>
  return %g, %y : tensor<6x4xf32>, tensor<3x20xf32>
}

// -----

// Columns of the table are not rows of it.
// OPT-LABEL: @columns
// OPT: kernel.micro "ik_gather"
func.func @columns(%ids: tensor<6xi64>, %x: tensor<3x4xf32>) -> (tensor<20x6xf32>, tensor<3x20xf32>) {
  %c = nn.constant dense<1.0> : tensor<4x20xf32>
  %t = nn.transpose %c perm [1, 0] : (tensor<4x20xf32>) -> tensor<20x4xf32>
  %g = nn.gather %t, %ids axis 1 : (tensor<20x4xf32>, tensor<6xi64>) -> tensor<20x6xf32>
  %r = nn.transpose %t perm [1, 0] : (tensor<20x4xf32>) -> tensor<4x20xf32>
  %y = nn.matmul %x, %r : (tensor<3x4xf32>, tensor<4x20xf32>) -> tensor<3x20xf32>
  return %g, %y : tensor<20x6xf32>, tensor<3x20xf32>
}

// A table that is gathered and, transposed, a product's right side is in the container once, as the product wants it; the numbers are the reference's.
// RUN: rm -rf %t && %python %S/Inputs/tables.py %t
// RUN: %ingot build %t/tied.onnx -o %t/out --dump-ir %t/ir > %t/1.txt
// RUN: cat %t/ir/*-lower-ingot-share-tables.mlir | FileCheck %s
// RUN: %python -c "import os; assert os.path.getsize('%t/out/tied.ingot' if os.path.exists('%t/out/tied.ingot') else '%t/out/model.ingot') < 150000"
// CHECK-NOT: @table :
// CHECK: "ik_gather_columns"(%{{.*}}, %arg0) params [1, 500, 6, 48, 4]
// CHECK: "ik_gather_columns"(%{{.*}}, %arg1) params [0, 500, 1, 48, 4]
// CHECK-NOT: "ik_gather"
// RUN: %ingot run %t/tied.onnx --input %t/in.npz --output %t/host.npz && %ingot run %t/tied.onnx --input %t/in.npz --output %t/ref.npz --device reference
// RUN: %python -c "import numpy as np; a, b = np.load('%t/host.npz'), np.load('%t/ref.npz'); assert sorted(a) == sorted(b) and all(np.allclose(a[k], b[k], 1e-5, 1e-5) for k in a); k = next(k for k in a if k.endswith('x')); assert (a[k] == b[k]).all()"
// RUN: %ingot build %t/twice.onnx -o %t/out1 --dump-ir %t/ir1 > %t/1.txt && cat %t/ir1/*-lower-ingot-share-tables.mlir | FileCheck %s
// RUN: %ingot run %t/halves.onnx --input %t/in16.npz --output %t/host.npz && %ingot run %t/halves.onnx --input %t/in16.npz --output %t/ref.npz --device reference
// RUN: %python -c "import numpy as np; a, b = np.load('%t/host.npz'), np.load('%t/ref.npz'); k = next(k for k in a if k.endswith('x')); assert (a[k] == b[k]).all()"

// Not when the table has another use or the second matrix other numbers, and not when it is square: the recipe of a transpose does not say whether the axes changed places.
// RUN: %ingot build %t/used.onnx -o %t/out2 --dump-ir %t/ir2 > %t/2.txt
// RUN: cat %t/ir2/*-lower-ingot-share-tables.mlir | FileCheck %s --check-prefix=STAYS
// RUN: %ingot build %t/square.onnx -o %t/out3 --dump-ir %t/ir3 > %t/3.txt
// RUN: cat %t/ir3/*-lower-ingot-share-tables.mlir | FileCheck %s --check-prefix=STAYS
// RUN: %ingot build %t/other.onnx -o %t/out4 --dump-ir %t/ir4 > %t/4.txt
// RUN: cat %t/ir4/*-lower-ingot-share-tables.mlir | FileCheck %s --check-prefix=STAYS
// STAYS-NOT: "ik_gather_columns"
// STAYS: "ik_gather"
