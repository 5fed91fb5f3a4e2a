#include "harness/trial/capability.h"

#include "collectors/collector.h"
#include "harness/trial/document.h"

json_t *capability_names(unsigned capabilities)
{
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {
      {COLLECTOR_RECLAIMS, "reclaims"},
      {COLLECTOR_RECLAIMS_CYCLES, "reclaims_cycles"},
      {COLLECTOR_PROMPT, "prompt"},
      {COLLECTOR_MOVES, "moves"},
      {COLLECTOR_GENERATIONAL, "generational"},
      {COLLECTOR_INCREMENTAL, "incremental"},
      {COLLECTOR_CONCURRENT, "concurrent"},
      {COLLECTOR_THREADS, "threads"},
      {COLLECTOR_EXTERNAL, "external"},
      {COLLECTOR_CONSERVATIVE, "conservative"},
      {COLLECTOR_USES_MALLOC, "uses_malloc"},
      {COLLECTOR_WEAK, "weak"},
      {COLLECTOR_FINALIZES, "finalizes"},
      {COLLECTOR_HOOKS_IN_PAUSE, "hooks_in_pause"},
      {COLLECTOR_USES_BLOCKS, "uses_blocks"},
      {COLLECTOR_VARIANT, "variant"},
      {COLLECTOR_INSTRUMENT, "instrument"},
      {COLLECTOR_REPLAYS_DEATHS, "replays_deaths"},
  };
  json_t *list = json_array();
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (capabilities & names[i].bit) document_append(list, json_string(names[i].name));
  }
  return list;
}
