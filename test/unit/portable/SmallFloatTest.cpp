// Conversions to floats of 8 and fewer bits against a search for the nearest code, ties to the even one.
#include "test/unit/portable/Portable.h"

#include <cmath>

#define IK_SMALL(name)                                                                                                                     \
  extern "C" float ik_from_##name(uint32_t);                                                                                               \
  extern "C" uint32_t ik_to_##name##_f32(float, uint32_t);                                                                                 \
  extern "C" uint32_t ik_to_##name##_f64(double, uint32_t);
IK_SMALL(f8e4m3fn)
IK_SMALL(f8e4m3fnuz)
IK_SMALL(f8e5m2)
IK_SMALL(f8e5m2fnuz)
IK_SMALL(f4e2m1)

namespace {

struct SmallFloat {
  const char *name;
  float (*from)(uint32_t);
  uint32_t (*to32)(float, uint32_t);
  uint32_t (*to64)(double, uint32_t);
  uint32_t largest; // code without sign
};

uint32_t nearestCode(const SmallFloat &type, double magnitude) {
  uint32_t best = 0;
  for (uint32_t code = 1; code <= type.largest; ++code) {
    double step = std::fabs(type.from(code) - magnitude), least = std::fabs(type.from(best) - magnitude);
    if (step < least || (step == least && code % 2 == 0))
      best = code;
  }
  return best;
}

void checkType(const SmallFloat &type, Random &random) {
  for (uint32_t code = 0; code <= type.largest; ++code)
    check(type.to32(type.from(code), 1) == code, "%s: code %d does not come back", type.name, int(code));
  double top = type.from(type.largest);
  check(std::fabs(type.from(type.to32(INFINITY, 1))) == top, "%s: infinity does not saturate", type.name);
  for (int round = 0; round < 3000; ++round) {
    double x = std::ldexp(random.uniform(0, 1), static_cast<int>(random.integer(-18, 16)));
    if (round % 3 == 0) { // a tie, or right beside one
      uint32_t code = static_cast<uint32_t>(random.integer(0, type.largest - 1));
      x = (double(type.from(code)) + double(type.from(code + 1))) / 2 * (1 + double(random.integer(-1, 1)) * 0x1p-50);
    }
    float narrow = static_cast<float>(x);
    check(type.from(type.to32(narrow, 1)) == type.from(nearestCode(type, narrow)), "%s: f32 %a", type.name, double(narrow));
    check(type.from(type.to64(x, 1)) == type.from(nearestCode(type, x)), "%s: f64 %a", type.name, x);
    check(type.from(type.to64(-x, 1)) == -type.from(nearestCode(type, x)), "%s: f64 %a", type.name, -x);
  }
}

} // namespace

void testSmallFloat() {
  const SmallFloat types[] = {{"f8e4m3fn", ik_from_f8e4m3fn, ik_to_f8e4m3fn_f32, ik_to_f8e4m3fn_f64, 0x7e},
                              {"f8e4m3fnuz", ik_from_f8e4m3fnuz, ik_to_f8e4m3fnuz_f32, ik_to_f8e4m3fnuz_f64, 0x7f},
                              {"f8e5m2", ik_from_f8e5m2, ik_to_f8e5m2_f32, ik_to_f8e5m2_f64, 0x7b},
                              {"f8e5m2fnuz", ik_from_f8e5m2fnuz, ik_to_f8e5m2fnuz_f32, ik_to_f8e5m2fnuz_f64, 0x7f},
                              {"f4e2m1", ik_from_f4e2m1, ik_to_f4e2m1_f32, ik_to_f4e2m1_f64, 7}};
  Random random(12);
  for (const SmallFloat &type : types)
    checkType(type, random);
}
