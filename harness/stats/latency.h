/*
 * latency: how long requests took, as their senders saw it.
 *
 * SIMPLE latency is end - start.  METERED latency (DaCapo Chopin; Blackburn et al., ASPLOS 2025) asks what it would have
 * been had requests arrived evenly: within a window around each request, starts are respaced evenly, and a request that
 * began later than its even start has waited since then.  A window of 0 gives simple latency, one of the whole run
 * perfectly uniform arrivals.  What happens to a queue behind a pause becomes visible; so does any drift of the
 * program's own speed, which is why several windows belong together.
 *
 * Where arrivals are on a schedule (open loop), starts are intended ones, and simple latency has the queue in it.
 */
#ifndef GCLAB_HARNESS_STATS_LATENCY_H
#define GCLAB_HARNESS_STATS_LATENCY_H

#include <stddef.h>
#include <stdint.h>

struct stats_request {
  uint64_t start_ns, latency_ns;
};

#define STATS_WINDOW_FULL UINT64_MAX

/* Sorts the n requests by start, then end; metered_ns[i] becomes the metered latency of the i-th.  O(n log n). */
void stats_latency_metered(struct stats_request *requests, size_t n, uint64_t window_ns, uint64_t *metered_ns);

#endif
