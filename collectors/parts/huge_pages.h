/* The knob of collectors that map their heap themselves. */
#ifndef GCLAB_COLLECTORS_PARTS_HUGE_PAGES_H
#define GCLAB_COLLECTORS_PARTS_HUGE_PAGES_H

#define KNOB_HUGE_PAGES_ROW                                                                                            \
  {                                                                                                                    \
    .name = "huge_pages", .unit = "", .type = SETTING_BOOLEAN, .default_value = 0, .minimum = 0, .maximum = 1,         \
    .help = "ask the system for transparent huge pages"                                                                \
  }

#endif
