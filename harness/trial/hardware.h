/*
 * hardware: the processor's own counters over the work, where the system gives them to us.
 *
 * In user mode, of the mutator's thread, by perf_event_open(2).  A virtual machine without a virtual performance unit, or
 * a kernel with perf_event_paranoid above 2, gives none: then it is known why.
 */
#ifndef GCLAB_HARNESS_TRIAL_HARDWARE_H
#define GCLAB_HARNESS_TRIAL_HARDWARE_H

#include <jansson.h>

enum { HARDWARE_COUNTERS = 6 };

struct hardware {
  int fds[HARDWARE_COUNTERS]; /* -1: not given */
  int reason;                 /* errno of the first, where it is not given */
};

/* Opens the counters, stopped; start and stop are a few system calls each. */
void hardware_open(struct hardware *hardware);
void hardware_start(const struct hardware *hardware);
void hardware_stop(const struct hardware *hardware);

/*
 * What they counted, an object: a number for each, null for one that was not given or never ran; where none was given
 * only "unavailable", with the reason.  Counters that had to share the processor's are scaled to the whole time.
 */
json_t *hardware_describe(const struct hardware *hardware);
void hardware_close(struct hardware *hardware);

#endif
