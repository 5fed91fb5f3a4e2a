/*
 * random_block: what `random` stands for.  A block is a seed, a number of operations and options; it expands to plain
 * operations, each with SCRIPT_TRY, so that any of them can be taken away and the rest is still a program.
 */
#ifndef GCLAB_HARNESS_SCRIPT_RANDOM_BLOCK_H
#define GCLAB_HARNESS_SCRIPT_RANDOM_BLOCK_H

#include "harness/script/script.h"

/* The options of a block: word, default, least, most, help.  Weights are relative to one another. */
#define SCRIPT_RANDOM_OPTIONS(X)                                                                                       \
  X(ROOTS, "roots", 24, 1, 4096, "roots that the block uses; they have no names, and are its own")                     \
  X(FIELDS, "fields", 4, 0, 64, "most fields of an instance, elements of a list or tuple, keys of a dict")             \
  X(BYTES, "bytes", 24, 0, 65536, "most raw bytes of an object")                                                       \
  X(LARGE, "large", 0, 0, 1000000, "one object in so many is large: 8 to 200 KB, or thousands of fields (0: none)")    \
  X(BUSY, "busy", 0, 0, 1, "1: actions also collect, set thresholds, freeze, and follow weak references")              \
  X(INSTANCE, "instance", 30, 0, 1000, "weight of making an instance")                                                 \
  X(LIST, "list", 12, 0, 1000, "weight of making a list")                                                              \
  X(TUPLE, "tuple", 12, 0, 1000, "weight of making a tuple of what the roots hold")                                    \
  X(DICT, "dict", 10, 0, 1000, "weight of making a dict")                                                              \
  X(ATOM, "atom", 4, 0, 1000, "weight of making an atom")                                                              \
  X(FINALIZER, "finalizer", 0, 0, 1000, "weight of making an instance with a finalizer, some of which resurrect")      \
  X(LEGACY, "legacy", 0, 0, 1000, "weight of making an instance with a finalizer of the old kind")                     \
  X(CHAIN, "chain", 0, 0, 1000, "weight of making a chain of 30 to 180 objects of these kinds, one in the other")      \
  X(WEAK, "weak", 0, 0, 1000, "weight of making a weak reference, half of them with a callback")                       \
  X(DEREF, "deref", 0, 0, 1000, "weight of following a weak reference")                                                \
  X(STORE, "store", 60, 0, 1000, "weight of storing into a field")                                                     \
  X(LOAD, "load", 30, 0, 1000, "weight of loading a root or a field into a root")                                      \
  X(APPEND, "append", 10, 0, 1000, "weight of appending to a list")                                                    \
  X(DELETE, "delete", 8, 0, 1000, "weight of deleting a field, an element or a key")                                   \
  X(DROP, "drop", 16, 0, 1000, "weight of dropping a root")                                                            \
  X(COLLECT, "collect", 0, 0, 1000, "weight of collecting a random generation")                                        \
  X(THRESHOLD, "threshold", 0, 0, 1000, "weight of setting thresholds")                                                \
  X(ENABLE, "enable", 0, 0, 1000, "weight of enabling or disabling collections")                                       \
  X(FREEZE, "freeze", 0, 0, 1000, "weight of freezing or unfreezing")                                                  \
  X(CLEAR, "clear", 0, 0, 1000, "weight of emptying the garbage list")                                                 \
  X(CHECK, "check", 0, 0, 1000, "weight of verifying the heap")

enum script_random_option {
#define SCRIPT_ENUMERATE(option, word, preset, least, most, help) SCRIPT_RANDOM_##option,
  SCRIPT_RANDOM_OPTIONS(SCRIPT_ENUMERATE)
#undef SCRIPT_ENUMERATE
      SCRIPT_RANDOM_OPTIONS_COUNT
};

enum { SCRIPT_RANDOM_OPERATIONS_MAX = 100000000 };

struct script_random_range {
  int64_t preset, least, most;
};

const char *script_random_option_word(enum script_random_option option);
const char *script_random_option_help(enum script_random_option option);
struct script_random_range script_random_option_range(enum script_random_option option);

/*
 * A new script without RANDOM operations: each is replaced by what it stands for (inside a loop too: then every round
 * does the same).  Blocks with finalizers or callbacks add classes and actions.  Positions of other operations change;
 * lines and columns stay (those of a block are the block's).
 */
struct script *script_expand(const struct script *script);

#endif
