/* round_trip: what must hold of every script that was accepted, as text or as bytes. */
#ifndef GCLAB_TESTS_FUZZ_ROUND_TRIP_H
#define GCLAB_TESTS_FUZZ_ROUND_TRIP_H

#include <stdbool.h>

#include "harness/script/script.h"

/* Would the checks below take too long?  Tuples of thousands of elements take few bytes. */
bool round_trip_is_large(const struct script *script);

/*
 * A finding unless the script is sound (script_check), its canonical text parses to a script with the same text and the
 * same bytes, and its bytes unpack to a script with the same text and bytes.
 */
void round_trip_check(const struct script *script);

#endif
