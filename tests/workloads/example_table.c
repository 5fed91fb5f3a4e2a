/* The table of workloads for a trial program that has the documentation's example and nothing else. */
#include <string.h>

#include "base/clock.h"
#include "collectors/journal.h"
#include "workloads/workload.h"

extern const struct workload workload_queue;

const struct workload *const workloads[] = {&workload_queue, NULL};

const struct workload *workload_find(const char *name)
{
  return strcmp(name, workload_queue.name) == 0 ? &workload_queue : NULL;
}

void workload_phase(struct workload_run *run, const char *name) { journal_phase(run->journal, name); }

void workload_request_done(struct workload_run *run, uint64_t start_ns)
{
  journal_request(run->journal, start_ns, clock_now_ns() - start_ns);
}

void workload_request(struct workload_run *run, uint64_t start_ns, uint64_t latency_ns)
{
  journal_request(run->journal, start_ns, latency_ns);
}
