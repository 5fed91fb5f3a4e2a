/*
 * thresholds: the knobs of CPython's generational collector, the same rows for every collector that works as it does,
 * so that one sweep goes to all of them.  Defaults are those of CPython 3.11 (gc.get_threshold()).
 */
#ifndef GCLAB_COLLECTORS_PARTS_THRESHOLDS_H
#define GCLAB_COLLECTORS_PARTS_THRESHOLDS_H

#define KNOB_THRESHOLD0_ROW                                                                                            \
  {                                                                                                                    \
    .name = "threshold0", .unit = "objects", .type = SETTING_INTEGER, .scale = SETTING_LOG, .default_value = 700,      \
    .minimum = 0, .maximum = 1000000000, .search_low = 100, .search_high = 200000,                                     \
    .help = "collect when more containers than this were allocated than freed (0: never)"                              \
  }
#define KNOB_THRESHOLD1_ROW                                                                                            \
  {                                                                                                                    \
    .name = "threshold1", .unit = "collections", .type = SETTING_INTEGER, .scale = SETTING_LOG, .default_value = 10,   \
    .minimum = 0, .maximum = 1000000, .search_low = 2, .search_high = 100,                                             \
    .help = "collections of generation 0, more than which are followed by one of generation 1"                         \
  }
#define KNOB_THRESHOLD2_ROW                                                                                            \
  {                                                                                                                    \
    .name = "threshold2", .unit = "collections", .type = SETTING_INTEGER, .scale = SETTING_LOG, .default_value = 10,   \
    .minimum = 0, .maximum = 1000000, .search_low = 2, .search_high = 100,                                             \
    .help = "collections of generation 1, more than which are followed by a full one"                                  \
  }

#endif
