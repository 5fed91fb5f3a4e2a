/*
 * heap_program: bytes to a heap program, so that nearly all bytes are a meaningful one.
 *
 * The first sixteen bytes choose the collector's knobs, in the order of its table, so that an input is the same program
 * on every collector; then come the bodies of the actions; the rest are operations, each of a few bytes, over a handful
 * of roots.  Every operation has `try` where it may have one.
 *
 * INVARIANTS
 *  - The program passes script_check and needs no expansion.
 *  - It ends: an action makes objects and weak references with actions of lower numbers only, and loops are short.
 *  - Its memory is bounded: large objects are few, and never in a loop.
 *  - Its time is bounded: by a budget of operations, a smaller one where the knobs let it collect all the time.
 */
#ifndef GCLAB_TESTS_FUZZ_HEAP_PROGRAM_H
#define GCLAB_TESTS_FUZZ_HEAP_PROGRAM_H

#include "collectors/collector.h"
#include "harness/script/script.h"

enum { HEAP_PROGRAM_KNOBS_MAX = 16 };

struct heap_program {
  int64_t knobs[HEAP_PROGRAM_KNOBS_MAX]; /* one a row of the collector's table */
  struct script *script;
};

/* A program for the collector that is linked; its script is the caller's to free. */
struct heap_program heap_program_decode(const uint8_t *bytes, size_t size);

#endif
