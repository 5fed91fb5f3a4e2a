/*
 * zipf: ranks by Zipf's law, the popularity of keys in a cache.
 *
 * Rank r of 1 .. n is drawn with a probability proportional to r^-s.  s is 0.99 in the Yahoo! Cloud Serving Benchmark
 * (Cooper et al., 2010), whose skew everybody uses.
 *
 * Method: acceptance and rejection over octaves.  A range of ranks [2^k, 2^(k+1)) is drawn with the weight that it
 * would have if all of it were as likely as 2^k, then a rank in it, which is accepted with the probability (r /
 * 2^k)^-s; that is at least 2^-s, so draws take less than two rounds on average for s <= 1.  A table of bounds decides
 * nearly every case without a power.  Exact, needs 2.5 KB whatever n is, and uses only what IEEE 754 rounds correctly
 * (no libm but the square root), so that the same seed gives the same ranks on every machine.
 */
#ifndef GCLAB_WORKLOADS_ZIPF_H
#define GCLAB_WORKLOADS_ZIPF_H

#include <stdint.h>

#include "base/random.h"

enum { ZIPF_OCTAVES_MAX = 32, ZIPF_SEGMENTS = 256 };

struct zipf {
  uint32_t n;
  uint32_t skew_milli;
  int octaves;
  double weights_to[ZIPF_OCTAVES_MAX]; /* of this octave and those below it, unnormalised */
  double bounds[ZIPF_SEGMENTS + 1];    /* m^-s for m = 1, 1 + 1/256, ..., 2 */
};

/* n ranks, 1 to 2^32 - 1; s = skew_milli / 1000, from 0 (uniform) to 4. */
void zipf_init(struct zipf *zipf, uint32_t n, uint32_t skew_milli);

/* A rank in [0, n): 0 is the most popular. */
uint32_t zipf_draw(const struct zipf *zipf, struct random *random);

#endif
