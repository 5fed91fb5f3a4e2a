/* observation: what a run of a script looks like from outside; of a collector or of a real interpreter. */
#ifndef GCLAB_HARNESS_SCRIPT_OBSERVATION_H
#define GCLAB_HARNESS_SCRIPT_OBSERVATION_H

#include <stdint.h>

/*
 * One operation as it was seen from outside, when it was over; so many of them are an observation.  What the collector
 * does not know is -1.  Operations inside actions have rows too, in the order in which they end.  The form is the same
 * for every collector and for the Python driver: little-endian 32-bit words, 64 bytes a row, behind a header of 64
 * bytes: "gclabobs", version 1 (32 bits), number of objects of the interpreter in the permanent generation (32 bits),
 * immortal ones among them (32 bits), zeroes.
 */
struct script_observation {
  int32_t position;       /* of the operation in the expanded script */
  int32_t depth;          /* 0: outside of actions */
  int32_t count[3];       /* as gc.get_count() */
  int32_t collections[3]; /* since the script began */
  int32_t collected[3];
  int32_t uncollectable[3];
  int32_t references; /* of the object in the operation's root afterwards; -1: none there, no root, or in an action */
  int32_t found;      /* COLLECT: what it returned; DEREF: 1 where there was a target; -1 otherwise */
};

#endif
