/* The schema as schema.sql has it, in the program. */
#include "harness/store/internal.h"

__asm__(".pushsection .rodata\n"
        ".global store_schema_sql\n"
        "store_schema_sql:\n"
        ".incbin \"" GCLAB_SCHEMA "\"\n"
        ".byte 0\n"
        ".popsection\n");
