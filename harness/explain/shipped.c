/* The stories that ship, in the order in which they are told, in the program. */
#include "harness/explain/story.h"

#define STORY(name)                                                                                                    \
  __asm__(".pushsection .rodata\n"                                                                                     \
          ".global story_" name "\n"                                                                                   \
          "story_" name ":\n"                                                                                          \
          ".incbin \"" GCLAB_STORIES "/" name ".heap\"\n"                                                              \
          ".byte 0\n"                                                                                                  \
          ".popsection\n");

STORY("counts")
STORY("cycle")
STORY("threshold")

extern const char story_counts[] __attribute__((visibility("hidden")));
extern const char story_cycle[] __attribute__((visibility("hidden")));
extern const char story_threshold[] __attribute__((visibility("hidden")));

const struct story_shipped stories_shipped[] = {
    {"counts", "what a reference count is, and when it frees", story_counts},
    {"cycle", "the list that contains itself, and who finds it", story_cycle},
    {"threshold", "when CPython's collector runs, with a threshold of 3", story_threshold},
};

const size_t stories_shipped_count = sizeof stories_shipped / sizeof stories_shipped[0];
