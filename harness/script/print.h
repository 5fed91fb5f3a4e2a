/* print: a script's canonical text.  Parsing it gives the same script; comments and spacing are not kept. */
#ifndef GCLAB_HARNESS_SCRIPT_PRINT_H
#define GCLAB_HARNESS_SCRIPT_PRINT_H

#include <stdio.h>

#include "harness/script/script.h"

void script_print(const struct script *script, FILE *out);

/* One operation, without line end and indentation, as messages name it. */
void script_print_op(const struct script *script, size_t position, FILE *out);

#endif
