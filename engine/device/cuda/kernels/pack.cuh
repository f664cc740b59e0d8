// What an update reads and writes of parameters that are stepped as one; ../update-kernels.ts writes it down.
#pragma once

struct Pack {
  const float *gradient;
  const float *weights;
  const float *firstMoment;
  const float *secondMoment;
  const float *average;
  float *nextWeights;
  float *nextFirstMoment;
  float *nextSecondMoment;
  // Null where no average is kept.
  float *nextAverage;
  unsigned long long count;
  // 1 − ηλ, and −η/(1 − β₁ᵗ).
  float decay;
  float minusStep;
};

// As many as the arguments of a launch have room for: 4 KiB.
constexpr int packsOfLaunch = 40;

struct Packs {
  Pack pack[packsOfLaunch];
};
