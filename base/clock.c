#include "base/clock.h"

double clock_ns_per_tick;

#ifdef GCLAB_CLOCK_STEPS
struct clock_steps clock_steps;
#endif

enum { CALIBRATION_NS = 100000 };

void clock_calibrate(void)
{
  const uint64_t start_ns = clock_now_ns();
  const uint64_t start_ticks = clock_ticks();
  uint64_t now_ns = 0;
  uint64_t now_ticks = 0;
  do {
    now_ns = clock_now_ns();
    now_ticks = clock_ticks();
  } while (now_ns - start_ns < CALIBRATION_NS);
  clock_ns_per_tick = (double)(now_ns - start_ns) / (double)(now_ticks - start_ticks);
}
