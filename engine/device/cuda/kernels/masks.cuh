// Where the masks of a launch lie, and what is drawn for them; ../kernel-masks.ts writes it down.
#pragma once

struct Mask {
  // Of a multiple of 4 bytes.
  unsigned char *flags;
  unsigned long long count;
  // A draw below it drops its entry.
  unsigned threshold;
  unsigned key[2];
  unsigned counter[3];
};

// As many as the arguments of a launch have room for: 4 KiB.
constexpr int masksOfLaunch = 96;

struct Masks {
  Mask mask[masksOfLaunch];
};
