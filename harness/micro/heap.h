/* heap: the collector under a micro-benchmark: started, given root slots, renewed. */
#ifndef GCLAB_HARNESS_MICRO_HEAP_H
#define GCLAB_HARNESS_MICRO_HEAP_H

#include "collectors/collector.h"
#include "harness/micro/micro.h"

enum { HEAP_KNOBS_MAX = 32 };

/* What a collector that never reclaims may hold before it is started anew. */
#define MICRO_UNRECLAIMED_BYTES ((uint64_t)512 << 20)

struct heap {
  int64_t knobs[HEAP_KNOBS_MAX]; /* to be set before heap_start */
  struct journal journal;
  struct collector_config config;
  struct gc_frame frame;
  gc_ref roots[MICRO_ROOTS];
  bool is_open;
};

/* Every knob's default. */
void heap_set_defaults(struct heap *heap);

/* A knob as the command line gives it, "NAME=VALUE".  False: what is wrong has been printed. */
bool heap_set_knob(struct heap *heap, const char *text);

/* Starts the collector for the micro, with MICRO_ROOTS empty roots.  False after a message. */
bool heap_start(struct heap *heap, struct micro *micro);

/*
 * An empty heap for the next benchmark, as like a fresh one as it can be: started anew, or, where a peer's library does
 * not start twice in a process, with all that was there collected.  False after a message.
 */
bool heap_renew(struct heap *heap, struct micro *micro);

/* Has a collector that never reclaims enough of what it will never reclaim? */
bool heap_is_spent(const struct micro *micro);

void heap_finish(struct heap *heap, struct micro *micro);

/* Collections by the collector itself, while something is built that is to be collected on order; on again. */
void heap_hold_collections(struct micro *micro);
void heap_resume_collections(struct micro *micro);

#endif
