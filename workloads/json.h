/*
 * json: JSON as text in the heap, and what a parser makes of it.  The workload json_trees, which is what they are for,
 * tells the whole story.
 *
 *   json_digest.h   what a value means, as a number
 *   json_text.c     making texts
 *   json_parse.c    parsing them
 */
#ifndef GCLAB_WORKLOADS_JSON_H
#define GCLAB_WORKLOADS_JSON_H

#include <stdint.h>

#include "base/random.h"
#include "collectors/gc.h"

enum { JSON_DEPTH_MAX = 64 };

/* What a value is; the tag beside each reference.  MALFORMED: there is none. */
enum json_type { MALFORMED, NIL, FALSE, TRUE, INTEGER, REAL, STRING, ARRAY, OBJECT };

static const struct gc_shape number_shape = {.bytes = sizeof(int64_t), .kind = GC_ATOM}; /* or a double */

static inline int64_t *number_integer(gc_ref number) { return gc_bytes(number, 0); }
static inline double *number_real(gc_ref number) { return gc_bytes(number, 0); }

/* A document's text ends with a NUL, which no JSON has in it. */
struct json_text {
  uint64_t digest; /* of what it means */
  uint64_t length;
  char text[];
};

static inline struct json_text *json_text(gc_ref text) { return gc_bytes(text, 0); }

/* --- Making texts --- */

struct json_style {
  uint64_t bytes;   /* length of a text, a little more */
  uint32_t depth;   /* how deep values are nested at most */
  uint32_t strings; /* percent of the values */
};

/* Makes a text into the slot: an array of records, objects of three to eight members.  Safepoint. */
void json_make_text(struct gc_mutator *mutator, struct random *random, const struct json_style *style, gc_ref *slot);

/* Keys are words of these. */
enum { JSON_WORDS = 64, JSON_WORD_BYTES_MAX = 7 };

/* Writes a word by its number.  Returns the length; there is no NUL. */
uint32_t json_format_word(uint32_t word, char text[JSON_WORD_BYTES_MAX]);

enum { JSON_CHARACTER_BYTES_MAX = 4 };

/* The UTF-8 of a character; returns the end. */
static inline char *json_encode_utf8(char *to, uint32_t character)
{
  if (character < 0x80) {
    *to++ = (char)character;
    return to;
  }
  const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  *to++ = (char)((0xff00 >> (more + 1) & 0xff) | character >> 6 * more);
  for (int i = more - 1; i >= 0; i--) *to++ = (char)(0x80 | (character >> 6 * i & 0x3f));
  return to;
}

/* --- Parsing --- */

/*
 * Parses the text into the slot (both are root slots); MALFORMED, and the slot is empty, where it is not one value and
 * nothing else.  Where the parser stopped goes into *end, in bytes.  Safepoint.
 */
enum json_type json_parse(struct gc_mutator *mutator, const gc_ref *text, gc_ref *slot, uint64_t *end);

#endif
