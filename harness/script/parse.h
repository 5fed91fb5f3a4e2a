/* parse: from text to a script.  One operation a line; docs/heap-scripts.md has the grammar. */
#ifndef GCLAB_HARNESS_SCRIPT_PARSE_H
#define GCLAB_HARNESS_SCRIPT_PARSE_H

#include "harness/script/script.h"

/* The script, to be freed with script_free; NULL, with the place and what was expected there, where it is none. */
struct script *script_parse(const char *text, size_t length, struct script_error *error);

#endif
