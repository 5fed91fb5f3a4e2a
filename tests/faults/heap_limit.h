/* What test_heap_limit.c asks of a collector's inside: one file heap_limit_COLLECTOR.c for each that has the knob. */
#ifndef GCLAB_TESTS_FAULTS_HEAP_LIMIT_H
#define GCLAB_TESTS_FAULTS_HEAP_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

/* Bytes that small objects take of the limit, for each that they have: 2 where each has a place to be copied to. */
extern const uint64_t account_spaces;

/* Does the limit hold with huge pages too?  False: the system may then give more than the collector counts. */
extern const bool account_has_huge_pages;

/* What the collector holds for objects, by its own account: all that has memory, in use or not. */
uint64_t account_held_bytes(struct gc_mutator *mutator);

/* The least that it would have to hold with one object more, of so many bytes: with nothing that is not in use. */
uint64_t account_needed_bytes(struct gc_mutator *mutator, uint64_t payload_bytes);

/* Is the address one at which small objects may be?  The rest of what is held are large objects, each in a mapping. */
bool account_has_address(struct gc_mutator *mutator, uintptr_t address);
uint64_t account_large_bytes(struct gc_mutator *mutator);

#endif
