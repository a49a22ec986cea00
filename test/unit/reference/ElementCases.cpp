// Constants, weights and elementwise ops.
#include "Check.h"

#include <cmath>

std::vector<Case> elementCases() {
  const double nan = std::nan("");
  const double inf = HUGE_VAL;
  return {
      {"nn.constant dense<[1.5, 2.5]> : tensor<2xf32>", {}, {}, {"2xf32"}, {{1.5, 2.5}}},
      {"nn.constant dense<7> : tensor<2xi64>", {}, {}, {"2xi64"}, {{7, 7}}},
      {"nn.weight @plain : tensor<3xf32>", {}, {}, {"3xf32"}, {{1, 2, 3}}},
      {"nn.weight @twice : tensor<3xf32>", {}, {}, {"3xf32"}, {{2, 4, 6}}},
      {"nn.weight @missing : tensor<3xf32>", {}, {}, {"3xf32"}, {}},
      // Half to even; NaN stays.
      {"nn.unary round %arg0", {"5xf32"}, {{0.5, 1.5, -2.5, 2.6, nan}}, {"5xf32"}, {{0, 2, -2, 3, nan}}},
      {"nn.unary sign %arg0", {"3xf32"}, {{-4, 0, 9}}, {"3xf32"}, {{-1, 0, 1}}},
      {"nn.unary clip %arg0 {alpha = -1.0 : f64, beta = 2.0 : f64}", {"4xf32"}, {{-3, 0.5, 7, nan}}, {"4xf32"}, {{-1, 0.5, 2, nan}}},
      {"nn.unary leaky_relu %arg0 {alpha = 0.1 : f64}", {"2xf32"}, {{-2, 3}}, {"2xf32"}, {{-0.2, 3}}},
      {"nn.unary sigmoid %arg0", {"2xf32"}, {{0, -1000}}, {"2xf32"}, {{0.5, 0}}},
      {"nn.unary gelu %arg0", {"2xf32"}, {{0, 1}}, {"2xf32"}, {{0, 0.841344746}}},
      {"nn.unary hard_swish %arg0", {"3xf32"}, {{-4, 1, 4}}, {"3xf32"}, {{0, 2.0 / 3, 4}}},
      {"nn.unary shrink %arg0 {alpha = 1.0 : f64, beta = 0.5 : f64}", {"3xf32"}, {{-2, 0.5, 2}}, {"3xf32"}, {{-1.5, 0, 1.5}}},
      {"nn.unary is_inf %arg0 {alpha = 0.0 : f64, beta = 1.0 : f64}", {"3xf32"}, {{-inf, inf, 1}}, {"3xi1"}, {{0, 1, 0}}},
      {"nn.unary is_nan %arg0", {"2xf32"}, {{nan, 1}}, {"2xi1"}, {{1, 0}}},
      {"nn.unary logical_not %arg0", {"2xi1"}, {{1, 0}}, {"2xi1"}, {{0, 1}}},
      // Signed integers wrap: |-128| does not fit 8 bits.
      {"nn.unary abs %arg0", {"2xi8"}, {{-128, -3}}, {"2xi8"}, {{-128, 3}}},
      {"nn.unary bitwise_not %arg0", {"2xui8"}, {{0, 5}}, {"2xui8"}, {{255, 250}}},
      {"nn.binary add %arg0, %arg1", {"2x2xf32", "2xf32"}, {{1, 2, 3, 4}, {10, 20}}, {"2x2xf32"}, {{11, 22, 13, 24}}},
      {"nn.binary add %arg0, %arg1", {"1xi8", "1xi8"}, {{127}, {1}}, {"1xi8"}, {{-128}}},
      {"nn.binary div %arg0, %arg1", {"4xi32", "4xi32"}, {{-7, 7, 5, -2147483648.0}, {2, -2, 0, -1}}, {"4xi32"}, {{-3, -3, 0, -2147483648.0}}},
      {"nn.binary mod %arg0, %arg1", {"2xi32", "2xi32"}, {{-7, 7}, {3, -3}}, {"2xi32"}, {{2, -2}}},
      {"nn.binary fmod %arg0, %arg1", {"2xi32", "2xi32"}, {{-7, 7}, {3, -3}}, {"2xi32"}, {{-1, 1}}},
      {"nn.binary pow %arg0, %arg1", {"3xi32", "3xi32"}, {{3, -2, 2}, {4, 3, -1}}, {"3xi32"}, {{81, -8, 0}}},
      {"nn.binary pow %arg0, %arg1", {"2xf32", "2xi32"}, {{1.5, 4}, {2, -1}}, {"2xf32"}, {{2.25, 0.25}}},
      {"nn.binary max %arg0, %arg1", {"2xf32", "2xf32"}, {{1, nan}, {2, 0}}, {"2xf32"}, {{2, nan}}},
      {"nn.binary prelu %arg0, %arg1", {"2xf32", "1xf32"}, {{-2, 3}, {0.5}}, {"2xf32"}, {{-1, 3}}},
      {"nn.binary shift_right %arg0, %arg1", {"2xui8", "2xui8"}, {{200, 200}, {3, 8}}, {"2xui8"}, {{25, 0}}},
      {"nn.binary bitwise_xor %arg0, %arg1", {"1xi16", "1xi16"}, {{-1}, {255}}, {"1xi16"}, {{-256}}},
      {"nn.binary less_equal %arg0, %arg1", {"3xf32", "f32"}, {{1, 2, nan}, {1}}, {"3xi1"}, {{1, 0, 0}}},
      {"nn.binary logical_xor %arg0, %arg1", {"2xi1", "2xi1"}, {{1, 1}, {1, 0}}, {"2xi1"}, {{0, 1}}},
      {"nn.select %arg0, %arg1, %arg2", {"3xi1", "3xf32", "f32"}, {{1, 0, 1}, {1, 2, 3}, {9}}, {"3xf32"}, {{1, 9, 3}}},
      // Truncation towards zero, modulo 2^8, NaN to 0.
      {"nn.cast %arg0", {"4xf32"}, {{-1.9, 300.5, 1.9, nan}}, {"4xi8"}, {{-1, 44, 1, 0}}},
      {"nn.cast %arg0", {"2xf32"}, {{0.1, 0}}, {"2xi1"}, {{1, 0}}},
      {"nn.cast %arg0", {"1xf32"}, {{2049}}, {"1xf16"}, {{2048}}},
      {"nn.cast %arg0", {"1xf32"}, {{257}}, {"1xbf16"}, {{256}}},
      {"nn.cast %arg0 {saturate}", {"2xf32"}, {{1000, -1000}}, {"2xf8E4M3FN"}, {{448, -448}}},
      {"nn.cast %arg0", {"2xf32"}, {{1000, 17}}, {"2xf8E4M3FN"}, {{nan, 16}}},
      {"nn.cast %arg0", {"2xi32"}, {{9, -9}}, {"2xi4"}, {{-7, 7}}},
  };
}
