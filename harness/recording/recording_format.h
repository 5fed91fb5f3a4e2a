/*
 * recording_format: what a recorded Python process leaves in a file.  docs/python-tuning.md describes it for others.
 *
 * A page with a header, then bytes.  Both are mapped and shared, so what was recorded is there however the process
 * ended: by os._exit, by exec, by a signal.  `bytes` in the header says how much of what follows is whole.
 *
 * A recording (RECORDING_OBJECTS) is a string of numbers, seven bits a byte, low ones first, the eighth bit saying that
 * more follow.  The low three bits of the first number of an event are its tag, the rest its argument.  Objects are
 * those that CPython's collector counts (with a header of the collector), numbered from 0: first those that were there, frozen
 * ones, then generations 2, 1 and 0 in the order of their lists, then each as it is allocated; so what a collection
 * looks at is always the objects from some number on.
 *
 * A probe's file (RECORDING_PAUSES) is rows of PROBE_ROW_NUMBERS 64-bit numbers.
 */
#ifndef GCLAB_HARNESS_RECORDING_RECORDING_FORMAT_H
#define GCLAB_HARNESS_RECORDING_RECORDING_FORMAT_H

#include <stdint.h>

#define RECORDING_MAGIC          "GCLABREC"
#define RECORDING_PROCESSES_FILE "processes" /* in the directory: a byte for each process that began */

enum { RECORDING_VERSION = 1, RECORDING_HEADER_BYTES = 4096, RECORDING_ARGUMENTS_MAX = 3072 };

enum { RECORDING_PROCESSES_MAX = 256 }; /* that are recorded, unless GCLAB_RECORD_PROCESSES says another number */

enum recording_kind { RECORDING_OBJECTS = 1, RECORDING_PAUSES = 2 };

enum recording_flag {
  RECORDING_ENDED = 1,  /* the interpreter was torn down; otherwise it was killed, or left by os._exit or exec */
  RECORDING_FORKED = 2, /* begun after a fork, in the child */
};

/* All numbers in the machine's order, which is little-endian wherever this runs. */
struct recording_header {
  char magic[8];
  uint32_t version, kind;
  uint64_t bytes; /* of events that are whole */
  uint32_t flags, pid, parent_pid, python_hex;
  uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end_ns: of the last event that carries a time */
  int32_t thresholds[4];     /* at the start; [3] unused */
  int32_t counts[4];         /* gc.get_count() at the start; [3]: collections are enabled */
  uint64_t initial[4];       /* objects in generations 0, 1, 2 and frozen ones */
  uint64_t long_lived_total, long_lived_pending;
  uint32_t argument_bytes, unused;
  char arguments[RECORDING_ARGUMENTS_MAX]; /* sys.orig_argv, each ended by NUL; cut where it is longer */
};

enum recording_tag {
  TAG_ALLOCATE = 0, /* argument: so many objects, one after the other */
  TAG_FREE = 1,     /* by reference counting.  argument: number of the next object less that of this one; 0: an object
                       that was there from the start, but untracked, so that it has no number */
  TAG_SWEEP = 2,    /* the same while a collection runs */
  TAG_START = 3,    /* a collection: argument is generation + 4 if automatic; ns since the last time; count[0..2];
                       long_lived_pending, long_lived_total */
  TAG_STOP = 4,     /* its end: argument is collected; ns since TAG_START; uncollectable; resident KiB, or 0: not asked;
                       ns of the pause that were the recorder's own, estimated */
  TAG_SETTING = 5,  /* thresholds or gc.enable() changed.  argument: enabled; threshold[0..2] */
  TAG_FREEZE = 6,   /* argument: objects now in the permanent generation */
  TAG_GRAPH = 7, /* a part of a snapshot of the object graph, where that was asked for.  argument: value * 4 + part */
};

/* Values are differences of objects' numbers, 0, -1, 1, -2, ... as 0, 1, 2, 3, ... (zigzag). */
enum recording_graph_part {
  GRAPH_BEGIN = 0,     /* value: 0 */
  GRAPH_OBJECT = 1,    /* the number of the next object, less that of the one before, or 0 */
  GRAPH_REFERENCE = 2, /* of it to another: that one's number, less its own */
  GRAPH_END = 3,       /* value: ns that the snapshot took */
};

enum { PROBE_ROW_NUMBERS = 8 };

/* generation, start (CLOCK_MONOTONIC), duration, collected, uncollectable, count[0..2] before it */

#endif
