/* Quantiles of the normal distribution and of Student's t. */
#include <math.h>

#include "harness/stats/compare.h"

static double normal_distribution(double x) { return 0.5 * erfc(-x / sqrt(2)); }

/* By bisection: libm has the distribution, and nobody asks often. */
static double invert(double p, double (*distribution)(double x, double degrees), double degrees)
{
  double low = -1, high = 1;
  while (distribution(low, degrees) > p) low *= 2;
  while (distribution(high, degrees) < p) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-13 * fmax(1, fabs(low)); i++) {
    const double middle = low + (high - low) / 2;
    if (distribution(middle, degrees) < p)
      low = middle;
    else
      high = middle;
  }
  return low + (high - low) / 2;
}

static double normal_of(double x, double unused)
{
  (void)unused;
  return normal_distribution(x);
}

double stats_normal_quantile(double p) { return invert(p, normal_of, 0); }

/*
 * The continued fraction of the incomplete beta function, by Lentz's method (Press et al., Numerical Recipes, 6.4;
 * Abramowitz and Stegun 26.5.8).
 */
static double beta_fraction(double a, double b, double x)
{
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 500; m++) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    c = 1 + even / c;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = fabs(c) < tiny ? tiny : c;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    c = 1 + odd / c;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = fabs(c) < tiny ? tiny : c;
    h *= d * c;
    if (fabs(d * c - 1) < 1e-15) break;
  }
  return h;
}

static double incomplete_beta(double a, double b, double x)
{
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* Abramowitz and Stegun 26.7.1 and 26.5.27. */
static double student_of(double t, double degrees)
{
  const double tail = 0.5 * incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
  return t < 0 ? tail : 1 - tail;
}

double stats_student_quantile(double p, double degrees) { return invert(p, student_of, degrees); }
