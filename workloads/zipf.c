#include "workloads/zipf.h"

#include <math.h>

/* x to the power of -milli/1000, for x >= 1; its exponent's fraction is taken in binary, by square roots. */
static double power_of_minus(double x, uint32_t milli)
{
  double power = 1.0;
  for (uint32_t i = 0; i < milli / 1000; i++) power *= x;
  double root = x;
  uint32_t fraction = milli % 1000;
  for (int bit = 0; bit < 52 && fraction != 0; bit++) {
    root = sqrt(root);
    fraction *= 2;
    if (fraction >= 1000) {
      fraction -= 1000;
      power *= root;
    }
  }
  return 1.0 / power;
}

static uint32_t octave_size(uint32_t n, int octave)
{
  const uint32_t first = UINT32_C(1) << octave;
  return n - first < first ? n - first + 1 : first;
}

void zipf_init(struct zipf *zipf, uint32_t n, uint32_t skew_milli)
{
  *zipf = (struct zipf){.n = n, .skew_milli = skew_milli};
  double sum = 0.0;
  for (; zipf->octaves < ZIPF_OCTAVES_MAX && n >> zipf->octaves != 0; zipf->octaves++) {
    const double first = (double)(UINT32_C(1) << zipf->octaves);
    sum += (double)octave_size(n, zipf->octaves) * power_of_minus(first, skew_milli);
    zipf->weights_to[zipf->octaves] = sum;
  }
  for (int i = 0; i <= ZIPF_SEGMENTS; i++)
    zipf->bounds[i] = power_of_minus(1.0 + (double)i / ZIPF_SEGMENTS, skew_milli);
}

/* Is u, uniform in [0, 1), below the power of `multiple`, a number in [1, 2)? */
static int is_accepted(const struct zipf *zipf, double multiple, double u)
{
  const int segment = (int)((multiple - 1.0) * ZIPF_SEGMENTS);
  if (u < zipf->bounds[segment + 1]) return 1;
  if (u >= zipf->bounds[segment]) return 0;
  return u < power_of_minus(multiple, zipf->skew_milli);
}

uint32_t zipf_draw(const struct zipf *zipf, struct random *random)
{
  for (;;) {
    const double point = random_unit(random) * zipf->weights_to[zipf->octaves - 1];
    int octave = 0;
    while (octave < zipf->octaves - 1 && point >= zipf->weights_to[octave]) octave++;
    const uint32_t first = UINT32_C(1) << octave;
    const uint32_t offset = random_below(random, octave_size(zipf->n, octave));
    if (offset == 0 || is_accepted(zipf, 1.0 + (double)offset / (double)first, random_unit(random)))
      return first - 1 + offset;
  }
}
