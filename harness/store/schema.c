/* The schema as its files have it, in the program. */
#include "harness/store/internal.h"

extern const char store_schema_sql[], store_micro_sql[], store_characterisation_sql[], store_twin_sql[],
    store_noise_sql[], store_minheap_sql[];

#define PART(name, file)                                                                                               \
  __asm__(".pushsection .rodata\n" #name ":\n"                                                                         \
          ".incbin \"" GCLAB_SCHEMA "/" file "\"\n"                                                                    \
          ".byte 0\n"                                                                                                  \
          ".popsection\n")

PART(store_schema_sql, "schema.sql");
PART(store_micro_sql, "micro.sql");
PART(store_characterisation_sql, "characterisation.sql");
PART(store_twin_sql, "twin.sql");
PART(store_noise_sql, "noise.sql");
PART(store_minheap_sql, "minheap.sql");

const char *const store_schema_parts[] = {store_schema_sql,
                                          store_micro_sql,
                                          store_characterisation_sql,
                                          store_twin_sql,
                                          store_noise_sql,
                                          store_minheap_sql,
                                          NULL};
