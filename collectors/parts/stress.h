/* The knob that every collector has: collect at every Nth allocation, to find broken rules early. */
#ifndef GCLAB_COLLECTORS_PARTS_STRESS_H
#define GCLAB_COLLECTORS_PARTS_STRESS_H

#define KNOB_STRESS_ROW                                                                                                \
  {                                                                                                                    \
    .name = "stress", .unit = "allocations", .type = SETTING_INTEGER, .scale = SETTING_LOG, .default_value = 0,        \
    .minimum = 0, .maximum = 1000000000, .help = "collect fully at every Nth allocation, to find faults (0: never)"    \
  }

#endif
