#include "workloads/workload.h"

#include <string.h>

#include "base/clock.h"
#include "collectors/journal.h"

#define WORKLOAD(name) extern const struct workload workload_##name;
#include "workloads/all.h"
#undef WORKLOAD

const struct workload *const workloads[] = {
#define WORKLOAD(name) &workload_##name,
#include "workloads/all.h"
#undef WORKLOAD
    NULL,
};

const struct workload *workload_find(const char *name)
{
  for (int i = 0; workloads[i] != NULL; i++) {
    if (strcmp(workloads[i]->name, name) == 0) return workloads[i];
  }
  return NULL;
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
