/* audit: does the journal tell what the counters tell?  For tests, and where a trial is verified. */
#ifndef GCLAB_COLLECTORS_PARTS_AUDIT_H
#define GCLAB_COLLECTORS_PARTS_AUDIT_H

#include "collectors/collector.h"

/*
 * Compares the journal's rows with the counters, after collector_settle, and aborts with what differs: every
 * collection and every cascade is in exactly one place; what a tracing collector freed, its collections freed; no row
 * frees what no counter knows.  Where rows were dropped because the journal was full, only what they can still tell.
 */
void audit_journal(const struct gc_mutator *mutator);

#endif
