/* busy: what else runs on the machine. */
#ifndef GCLAB_HARNESS_PLATFORM_BUSY_H
#define GCLAB_HARNESS_PLATFORM_BUSY_H

#include <stddef.h>
#include <stdint.h>

enum { BUSY_MAX = 8, BUSY_NAME_MAX = 32 };

struct busy_process {
  int pid;
  char name[BUSY_NAME_MAX];
  double share; /* of a core */
};

/* CPU time of every process so far; to be ended with busy_end, which frees it. */
struct busy;
struct busy *busy_begin(void);

/* Processes, but this one, that had at least `least` of a core since; the busiest first.  Returns how many. */
size_t busy_end(struct busy *busy, double least, struct busy_process *list);

#endif
