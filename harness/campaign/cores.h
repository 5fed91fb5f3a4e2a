/* cores: which core trials run on, and which the harness. */
#ifndef GCLAB_HARNESS_CAMPAIGN_CORES_H
#define GCLAB_HARNESS_CAMPAIGN_CORES_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct cores {
  cpu_set_t allowed;  /* as it was before */
  int trial, harness; /* -1: not pinned */
};

/*
 * Chooses the last allowed core for trials (interrupts gather on the first) and the first one that does not share it
 * for the harness, and moves the harness there.  With one core, or where want is false, nobody is pinned.
 */
void cores_take(struct cores *cores, bool want);
void cores_give_back(const struct cores *cores);

/* Time stolen by the hypervisor, in ticks of /proc/stat: of this core, or of all where it is -1; -1: not known. */
int64_t cores_steal_ticks(int core);

#endif
