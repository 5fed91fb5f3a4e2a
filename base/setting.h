/*
 * setting: one row for one thing that a user may set.
 *
 * A collector's knobs and a workload's parameters are tables of such rows.  The row feeds everything that derives
 * from it: parsing and validation on the command line and in plans, `gclab list`, the axis of a figure, and the
 * points of a sweep.  A value is an int64_t whatever the type: bytes are bytes, a boolean is 0 or 1, a choice is
 * its index, and a real is kept in units of 1/1000 (SETTING_MILLI).
 */
#ifndef GCLAB_BASE_SETTING_H
#define GCLAB_BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
  SETTING_INTEGER, /* 700 */
  SETTING_BYTES,   /* 64M: K, M, G are powers of 1024 */
  SETTING_HEAP,    /* a heap's limit: bytes, or 1.5x the minimum heap, kept as -1500 until it is known what that is */
  SETTING_MILLI,   /* 1.5, kept as 1500 */
  SETTING_BOOLEAN, /* on, off, true, false, yes, no, 1, 0 */
  SETTING_CHOICE   /* a word out of choices */
};

enum setting_scale { SETTING_LINEAR, SETTING_LOG };

/* How much a workload does where its parameters are not given: for measuring, for tests, or as much as its source. */
enum setting_size { SETTING_SIZE_DEFAULT, SETTING_SIZE_SMALL, SETTING_SIZE_LARGE, SETTING_SIZES };

struct setting {
  const char *name;
  const char *unit; /* as on an axis: "objects", "bytes", "ratio"; "" for none */
  enum setting_type type;
  enum setting_scale scale;
  int64_t default_value;
  int64_t small_value; /* workloads: the value at size=small; collectors: unused, 0 */
  int64_t large_value; /* workloads: the value at size=large; collectors: unused, 0 */
  int64_t minimum, maximum;
  int64_t search_low, search_high; /* collectors: where `gclab tune` looks unless it is told; equal: it does not */
  const char *const *choices;      /* SETTING_CHOICE: NULL-terminated */
  const char *help;                /* one line, no full stop */
};

/* The names of types and scales as they are printed and described: "integer", "bytes", "real", ... */
const char *setting_type_name(enum setting_type type);
bool setting_type_parse(const char *text, enum setting_type *type);

/* Is it a multiple of the minimum heap (SETTING_HEAP), and in thousandths which? */
static inline bool setting_is_multiple(const struct setting *setting, int64_t value)
{
  return setting->type == SETTING_HEAP && value < 0;
}

enum { SETTING_MULTIPLE_ONE = 1000, SETTING_MULTIPLE_MAX = 1000 * SETTING_MULTIPLE_ONE };

enum { SETTING_TEXT_MAX = 32, SETTING_ERROR_MAX = 256 };

/*
 * Reads text as a value of the row.  On failure returns false and writes into error (SETTING_ERROR_MAX bytes) one
 * sentence that says what was wrong and what is accepted, without a full stop at its end.
 */
bool setting_parse(const struct setting *setting, const char *text, int64_t *value, char *error);

/* Writes value as setting_parse() would read it (exact, shortest) into text (SETTING_TEXT_MAX bytes); returns text. */
char *setting_format(const struct setting *setting, int64_t value, char *text);

/* What the row is at a size when it is not set.  Of a collector's knobs only the default has a meaning. */
int64_t setting_at_size(const struct setting *setting, enum setting_size size);

/* "default", "small", "large"; NULL-terminated, in the order of enum setting_size. */
extern const char *const setting_size_names[];

/* The size of that name; false: there is none. */
bool setting_size_parse(const char *text, enum setting_size *size);

/* The row called name, or -1. */
int setting_find(const struct setting *settings, size_t count, const char *name);

/*
 * "NAME=VALUE" for a table of settings of what is called owner: sets its value in values, which is no multiple of
 * something that is not known.  On failure returns false and writes one sentence into error, as setting_parse does.
 */
bool setting_assign(const char *text, const struct setting *settings, size_t count, int64_t *values, const char *owner,
                    char *error);

/*
 * The candidate nearest to word by edit distance, or NULL where none is near enough to be meant (more than a third
 * of the word differs, two letters at least).
 */
const char *setting_nearest(const char *word, const char *const *candidates, size_t count);

#endif
