/*
 * recording: what one Python process did, read back and laid out in ticks.
 *
 * A tick is one step of generations[0].count: an object that the collector counts was allocated, or one was freed by
 * reference counting.  What a collection frees takes no tick: with other thresholds it is freed at another time.
 */
#ifndef GCLAB_HARNESS_RECORDING_RECORDING_H
#define GCLAB_HARNESS_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/recording/graph.h"
#include "harness/recording/recording_format.h"

enum {
  RECORDING_ERROR_MAX = 512,
  RECORDING_NEVER = UINT32_MAX,
  RECORDING_OBJECTS_MAX = 1 << 28 /* a recording of more is refused: it would take over 3 GB */
};

struct recording_collection {
  uint32_t tick;           /* after so many ticks */
  uint32_t allocated;      /* objects that there had been by then, initial ones among them */
  uint8_t generation;      /* 0 to 2 */
  bool is_automatic;       /* by threshold; otherwise by gc.collect(), or at the interpreter's end */
  bool is_ended;           /* false: the recording ends within it */
  uint32_t counts[3];      /* before it */
  uint64_t pending, total; /* long_lived_pending, long_lived_total before it */
  uint64_t start_ns;       /* since the recording's start */
  uint64_t pause_ns;       /* as measured, with recorder_ns of the recorder's own in it */
  uint64_t recorder_ns;
  uint64_t collected, uncollectable; /* as the interpreter counts them: what it tracks */
  uint64_t swept;                    /* objects freed in it, tracked or not */
  uint64_t resident_kib;             /* 0: not asked for */
};

/* From this tick on. */
struct recording_setting {
  uint32_t tick;
  bool is_enabled;
  int64_t thresholds[3];
};

struct recording_object {
  uint32_t born; /* the tick before which it was allocated; 0: it was there */
  uint32_t
      died; /* the tick at which it was freed; for a swept one, that of the collection; RECORDING_NEVER: it lives */
  uint32_t swept_by; /* the collection that freed it, or RECORDING_NEVER */
};

struct recording {
  struct recording_header header;
  struct recording_object *objects;
  size_t object_count;
  uint64_t *is_free; /* a bit a tick: 1 for a free */
  uint32_t *freed;   /* of those ticks in order: the object, or RECORDING_NEVER for one without a number */
  uint32_t tick_count;
  size_t freed_count;
  struct recording_collection *collections;
  size_t collection_count;
  struct recording_setting *settings; /* the first is that of the header, at tick 0 */
  size_t setting_count;
  struct recording_graph *graphs; /* snapshots, where they were asked for */
  size_t graph_count;
  uint64_t graph_ns;     /* that they took */
  uint64_t mismatches;   /* collections at which count[0] was not what the events before it make of it */
  uint64_t freeze_count; /* times that the permanent generation was seen to change */
  uint64_t duration_ns;
};

/* Reads a file of either kind.  False: it is none, or it is damaged; error (RECORDING_ERROR_MAX) says where. */
bool recording_read(const char *path, struct recording *recording, char *error);
void recording_free(struct recording *recording);

/* The program and its arguments, as far as they were kept, with spaces between; to be freed by the caller. */
char *recording_command(const struct recording_header *header);

/* Did anything but the header's setting hold?  The program calls gc.set_threshold, gc.disable or gc.enable itself. */
bool recording_sets_thresholds(const struct recording *recording);

static inline bool recording_tick_is_free(const struct recording *recording, uint32_t tick)
{
  return recording->is_free[tick / 64] >> tick % 64 & 1;
}

#endif
