/*
 * random: the seeded random numbers of workloads, plans and statistics.
 *
 * xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64, as its authors advise.  The same seed gives
 * the same sequence on every machine, so checksums and orders can be compared between hosts.
 */
#ifndef GCLAB_BASE_RANDOM_H
#define GCLAB_BASE_RANDOM_H

#include <stdint.h>

struct random {
  uint64_t state[4];
};

static inline uint64_t random_mix64(uint64_t *state) /* splitmix64 */
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline void random_seed(struct random *random, uint64_t seed)
{
  for (int i = 0; i < 4; i++) random->state[i] = random_mix64(&seed);
}

static inline uint64_t random_rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t random_u64(struct random *random)
{
  uint64_t *s = random->state;
  const uint64_t result = random_rotate_left(s[1] * 5, 7) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = random_rotate_left(s[3], 45);
  return result;
}

/* Uniform in [0, bound), bound > 0.  Multiply-shift (Lemire); its bias is below 2^-32 for every bound used here. */
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
  return (uint32_t)(((random_u64(random) >> 32) * (uint64_t)bound) >> 32);
}

/* Uniform in [0, 1). */
static inline double random_unit(struct random *random) { return (double)(random_u64(random) >> 11) * 0x1.0p-53; }

#endif
