// Q4_K: eight sub-blocks of 32 with a scale and a minimum each, both 6 bits on the super-block's two f16 numbers. Every sub-block is first fitted alone
// (least weighted squares over a range of scales), then the super-block's numbers are set from the fits, and last each sub-block's two integers are searched
// around what the fit asks for, because with few bits the rounding of scale and minimum matters as much as that of the weights.
#include "passes/compress/math/GgufBlocks.h"
#include "passes/compress/math/Half.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ingot {
namespace {

constexpr int kSubs = 8, kSub = 32, kMostQ = 15, kMostScale = 63;

/// Values scale q - minimum, both numbers at least 0, and the weighted squared error that remains.
struct Fit {
  float scale = 0, minimum = 0;
  double error = 0;
};

/// 32 weights and how much the error of each counts: its size and that of its neighbours, since inputs that meet large weights are what a layer hears.
struct Sub {
  float w[kSub];
  float importance[kSub];
};

/// Nearest integer in [0, kMostQ], ties to even. Adding 1.5 * 2^23 leaves no room for a fraction: unlike a call it is done to several values at once.
float rounded(float steps) {
  constexpr float kNoFraction = 12582912.0f;
  return std::clamp(steps, 0.0f, static_cast<float>(kMostQ)) + kNoFraction - kNoFraction;
}

float inverseOf(float scale) { return scale > 0 ? 1 / scale : 0; }

double errorOf(const Sub &sub, float scale, float minimum) {
  constexpr int kLanes = 8; // sums side by side
  float inverse = inverseOf(scale), sums[kLanes] = {};
  for (int i = 0; i < kSub; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) {
      float lost = sub.w[i + lane] - (scale * rounded((sub.w[i + lane] + minimum) * inverse) - minimum);
      sums[lane] += sub.importance[i + lane] * lost * lost;
    }
  double sum = 0;
  for (float part : sums)
    sum += static_cast<double>(part);
  return sum;
}

Sub readSub(const float *weights, float size) {
  Sub sub;
  for (int i = 0; i < kSub; ++i) {
    sub.w[i] = weights[i];
    sub.importance[i] = size + std::fabs(weights[i]);
  }
  return sub;
}

/// With the integers that (scale, minimum) give, the two numbers of the least error; minimum 0 when the best one is negative.
Fit refined(const Sub &sub, float scale, float minimum) {
  constexpr int kLanes = 8;
  float inverse = inverseOf(scale), sums[5][kLanes] = {}; // of p, p q, p q^2, p w, p w q
  for (int i = 0; i < kSub; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) {
      float w = sub.w[i + lane], p = sub.importance[i + lane], q = rounded((w + minimum) * inverse);
      sums[0][lane] += p, sums[1][lane] += p * q, sums[2][lane] += p * q * q, sums[3][lane] += p * w, sums[4][lane] += p * w * q;
    }
  double totals[5] = {};
  for (int i = 0; i < 5; ++i)
    for (float part : sums[i])
      totals[i] += static_cast<double>(part);
  auto [n, q1, q2, w1, wq] = totals;
  double determinant = n * q2 - q1 * q1;
  if (determinant <= 0)
    return {scale, minimum, errorOf(sub, scale, minimum)};
  double bestScale = (n * wq - q1 * w1) / determinant, bestMinimum = (q1 * wq - q2 * w1) / determinant;
  if (bestMinimum < 0) {
    bestMinimum = 0;
    bestScale = q2 > 0 ? wq / q2 : 0;
  }
  Fit fit{static_cast<float>(std::max(bestScale, 0.0)), static_cast<float>(bestMinimum), 0};
  fit.error = errorOf(sub, fit.scale, fit.minimum);
  return fit;
}

/// The best pair for one sub-block alone.
Fit fitAlone(const Sub &sub) {
  constexpr int kSteps = 24;               // scales tried: from the extremes over kMostQ - 2 to those over kMostQ + 2.8
  constexpr float kFirst = -2, kStep = 0.2f;
  float low = std::min(0.0f, *std::min_element(sub.w, sub.w + kSub)), high = std::max(0.0f, *std::max_element(sub.w, sub.w + kSub));
  Fit best{(high - low) / kMostQ, -low, 0};
  if (!(best.scale > 0))
    return best;
  best.error = errorOf(sub, best.scale, best.minimum);
  for (int step = 0; step <= kSteps; ++step) {
    Fit fit = refined(sub, (high - low) / (static_cast<float>(kMostQ) + kFirst + kStep * static_cast<float>(step)), -low);
    fit = refined(sub, fit.scale, fit.minimum);
    if (fit.error < best.error)
      best = fit;
  }
  return best;
}

/// The two 6-bit integers of a sub-block.
struct Steps {
  int scale = 0, minimum = 0;
};

/// Searched around `fit` on the grid of d and dmin.
Steps searchSteps(const Sub &sub, const Fit &fit, float d, float dmin, double &error) {
  auto near = [](float value, float step) { return step > 0 ? static_cast<int>(std::clamp(std::nearbyintf(value / step), 0.0f, static_cast<float>(kMostScale))) : 0; };
  Steps start{near(fit.scale, d), near(fit.minimum, dmin)}, best = start;
  error = errorOf(sub, d * static_cast<float>(start.scale), dmin * static_cast<float>(start.minimum));
  for (int scale = std::max(start.scale - 1, 0); scale <= std::min(start.scale + 1, kMostScale); ++scale)
    for (int minimum = std::max(start.minimum - 1, 0); minimum <= std::min(start.minimum + 1, kMostScale); ++minimum) {
      double tried = errorOf(sub, d * static_cast<float>(scale), dmin * static_cast<float>(minimum));
      if (tried < error) {
        error = tried;
        best = {scale, minimum};
      }
    }
  return best;
}

/// A super-block's choice.
struct Super {
  float d = 0, dmin = 0;
  Steps steps[kSubs];
  double error = 0;
};

Super choose(const Sub *subs, const Fit *fits, float d, float dmin) {
  Super super;
  super.d = toHalf(d), super.dmin = toHalf(dmin);
  for (int j = 0; j < kSubs; ++j) {
    double error = 0;
    super.steps[j] = searchSteps(subs[j], fits[j], super.d, super.dmin, error);
    super.error += error;
  }
  return super;
}

/// The 12 bytes of eight pairs of 6 bits: the first four pairs in the low bits of bytes 0..7, the others in bytes 8..11 and the top bits of 0..7.
void storeSteps(const Steps *steps, uint8_t *out) {
  for (int j = 0; j < 4; ++j) {
    const Steps &low = steps[j], &high = steps[j + 4];
    out[j] = static_cast<uint8_t>(low.scale | (high.scale >> 4) << 6);
    out[j + 4] = static_cast<uint8_t>(low.minimum | (high.minimum >> 4) << 6);
    out[j + 8] = static_cast<uint8_t>((high.scale & 15) | (high.minimum & 15) << 4);
  }
}

} // namespace

void quantizeQ4_K(const float *weights, uint8_t *block) {
  constexpr float kTries[] = {-0.5f, 0.5f, -1, 1}; // the super-block's numbers around those that its widest sub-block asks for, in steps of 63
  double square = 0;
  for (int i = 0; i < kSubs * kSub; ++i)
    square += static_cast<double>(weights[i]) * static_cast<double>(weights[i]);
  Sub subs[kSubs];
  Fit fits[kSubs];
  float widest = 0, deepest = 0;
  for (int j = 0; j < kSubs; ++j) {
    subs[j] = readSub(weights + j * kSub, static_cast<float>(std::sqrt(square / (kSubs * kSub))));
    fits[j] = fitAlone(subs[j]);
    widest = std::max(widest, fits[j].scale);
    deepest = std::max(deepest, fits[j].minimum);
  }
  Super best = choose(subs, fits, widest / kMostScale, deepest / kMostScale);
  for (float k : kTries)
    for (bool turnsMinimum : {false, true}) {
      Super tried = choose(subs, fits, turnsMinimum ? best.d : widest / (kMostScale + k), turnsMinimum ? deepest / (kMostScale + k) : best.dmin);
      if (tried.error < best.error)
        best = tried;
    }
  std::memset(block, 0, 144);
  storeHalf(best.d, block);
  storeHalf(best.dmin, block + 2);
  storeSteps(best.steps, block + 4);
  for (int i = 0; i < kSubs * kSub; ++i) {
    const Steps &s = best.steps[i / kSub];
    float q = rounded((weights[i] + best.dmin * static_cast<float>(s.minimum)) * inverseOf(best.d * static_cast<float>(s.scale)));
    block[16 + i / 64 * 32 + i % 32] |= static_cast<uint8_t>(static_cast<int>(q) << i % 64 / 32 * 4);
  }
}

} // namespace ingot
