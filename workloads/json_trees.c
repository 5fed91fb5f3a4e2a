/*
 * json_trees: JSON text is parsed into objects, which are used and dropped: build, use, mass death.
 *
 * A set of documents is made from the seed and kept as text, each one object of raw bytes.  Then, again and again, one
 * of them is parsed into a tree of its own; records are looked up by key and grouped; a transformed tree is made beside
 * the first; both are serialised into a digest, as CBOR (RFC 8949), and everything goes at once.  The design is this
 * suite's: the sizes (10 MB, nested 8 deep, three values of ten strings, 50 documents) are those that benchmarks of
 * JSON parsers run with.
 *
 * As in CPython's json, an object is a dict in the order of its text (workloads/dict.h), an array is a list
 * (workloads/list.h), a number or a string is an object without references, and the strings of equal keys in one
 * document are one object, found in a table that lives as long as the parser.  What kind of thing a value is stands as
 * a tag beside the reference to it; null, false and true are tags alone.  The parser takes what RFC 8259 describes and
 * nothing else: escapes with surrogate pairs, integers that fit in 64 bits as such and all other numbers as doubles,
 * correctly rounded; bytes above 127 are taken as they are.  It recurses as deep as values may be nested, 64 at most.
 *
 * Whoever makes a text also digests what it means, and a tree must digest to the same.  Some documents end too early:
 * the parser must refuse them, and half a tree dies.
 */
#include "workloads/workload.h"

#include <stdlib.h>
#include <string.h>

#include "workloads/dict.h"
#include "workloads/list.h"

enum { DOCUMENT_BYTES, DOCUMENTS, TEXTS, DEPTH, STRINGS, TRUNCATED, PARAMETERS };

enum { DEPTH_MAX = 64 };

static const struct setting parameters[PARAMETERS] = {
    [DOCUMENT_BYTES] = {.name = "document_bytes",
                        .unit = "bytes",
                        .type = SETTING_BYTES,
                        .scale = SETTING_LOG,
                        .default_value = 1 << 20,
                        .small_value = 700,
                        .large_value = 10 << 20,
                        .minimum = 1,
                        .maximum = 1 << 30,
                        .help = "size of a document's text, a little more (usual: 10M)"},
    [DOCUMENTS] = {.name = "documents",
                   .unit = "documents",
                   .type = SETTING_INTEGER,
                   .scale = SETTING_LOG,
                   .default_value = 40,
                   .small_value = 4,
                   .large_value = 50,
                   .minimum = 1,
                   .maximum = 1000000,
                   .help = "documents parsed, used and dropped (usual: 50)"},
    [TEXTS] = {.name = "texts",
               .unit = "documents",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 4,
               .small_value = 2,
               .large_value = 4,
               .minimum = 1,
               .maximum = 100000,
               .help = "different documents, of which one is chosen at random each time"},
    [DEPTH] = {.name = "depth",
               .unit = "levels",
               .type = SETTING_INTEGER,
               .default_value = 8,
               .small_value = 6,
               .large_value = 8,
               .minimum = 2,
               .maximum = DEPTH_MAX,
               .help = "how deep values are nested at most: an array of objects is the first two levels (usual: 8)"},
    [STRINGS] = {.name = "strings",
                 .unit = "percent",
                 .type = SETTING_INTEGER,
                 .default_value = 30,
                 .small_value = 30,
                 .large_value = 30,
                 .minimum = 0,
                 .maximum = 100,
                 .help = "values that are strings (usual: 30)"},
    [TRUNCATED] = {.name = "truncated",
                   .unit = "percent",
                   .type = SETTING_INTEGER,
                   .default_value = 5,
                   .small_value = 25,
                   .large_value = 5,
                   .minimum = 0,
                   .maximum = 100,
                   .help = "documents that end too early, which the parser refuses"},
};

/* What a value is; the tag beside each reference.  MALFORMED: there is none. */
enum type { MALFORMED, NIL, FALSE, TRUE, INTEGER, REAL, STRING, ARRAY, OBJECT };

static const struct gc_shape number_shape = {.bytes = sizeof(int64_t), .kind = GC_ATOM}; /* or a double */

static int64_t *number_integer(gc_ref number) { return gc_bytes(number, 0); }
static double *number_real(gc_ref number) { return gc_bytes(number, 0); }

/* A document's text ends with a NUL, which no JSON has in it. */
struct text_data {
  uint64_t digest; /* of what it means */
  uint64_t length;
  char text[];
};

static struct text_data *text_data(gc_ref text) { return gc_bytes(text, 0); }

/*
 * --- The digest of a value: FNV-1a of its CBOR ---
 * Arrays and maps are those of indefinite length, so that they can be written without being counted first.
 */

enum { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_TEXT = 3 };
enum {
  CBOR_ARRAY = 0x9f,
  CBOR_MAP = 0xbf,
  CBOR_FALSE = 0xf4,
  CBOR_TRUE,
  CBOR_NULL,
  CBOR_DOUBLE = 0xfb,
  CBOR_BREAK = 0xff
};

static const uint64_t digest_start = 0xcbf29ce484222325u;

static void digest_byte(uint64_t *digest, uint64_t byte) { *digest = (*digest ^ (byte & 0xff)) * 0x100000001b3u; }

static void digest_bytes(uint64_t *digest, const char *bytes, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) digest_byte(digest, (unsigned char)bytes[i]);
}

static void digest_word(uint64_t *digest, uint64_t word, int bytes)
{
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) digest_byte(digest, word >> shift);
}

/* The head of an item: its major type, and a number in as few bytes as can be. */
static void digest_head(uint64_t *digest, uint64_t major, uint64_t number)
{
  if (number < 24) {
    digest_byte(digest, major << 5 | number);
    return;
  }
  const uint64_t size = number <= UINT8_MAX ? 0 : number <= UINT16_MAX ? 1 : number <= UINT32_MAX ? 2 : 3;
  digest_byte(digest, major << 5 | (24 + size));
  digest_word(digest, number, 1 << size);
}

static void digest_integer(uint64_t *digest, int64_t integer)
{
  if (integer >= 0)
    digest_head(digest, CBOR_UNSIGNED, (uint64_t)integer);
  else
    digest_head(digest, CBOR_NEGATIVE, ~(uint64_t)integer);
}

static void digest_real(uint64_t *digest, double real)
{
  uint64_t bits = 0;
  memcpy(&bits, &real, sizeof bits);
  digest_byte(digest, CBOR_DOUBLE);
  digest_word(digest, bits, sizeof bits);
}

static void digest_text(uint64_t *digest, const char *text, uint64_t length)
{
  digest_head(digest, CBOR_TEXT, length);
  digest_bytes(digest, text, length);
}

static void digest_string(uint64_t *digest, gc_ref string)
{
  digest_text(digest, string_data(string)->text, string_data(string)->length);
}

/* No safepoint.  Recursion is as deep as values are nested. */
static void digest_value(struct gc_mutator *mutator, uint64_t *digest, enum type type, gc_ref value)
{
  switch (type) {
  case MALFORMED:
    digest_byte(digest, CBOR_BREAK);
    break; /* there is no such value: a digest that nothing has */
  case NIL:
    digest_byte(digest, CBOR_NULL);
    break;
  case FALSE:
    digest_byte(digest, CBOR_FALSE);
    break;
  case TRUE:
    digest_byte(digest, CBOR_TRUE);
    break;
  case INTEGER:
    digest_integer(digest, *number_integer(value));
    break;
  case REAL:
    digest_real(digest, *number_real(value));
    break;
  case STRING:
    digest_string(digest, value);
    break;
  case ARRAY:
    digest_byte(digest, CBOR_ARRAY);
    for (uint32_t i = 0; i < list_length(value); i++)
      digest_value(mutator, digest, list_tags(mutator, value)[i], list_get(mutator, value, i));
    digest_byte(digest, CBOR_BREAK);
    break;
  case OBJECT:
    digest_byte(digest, CBOR_MAP);
    for (uint32_t i = 0; i < dict_length(value); i++) {
      digest_string(digest, dict_key(mutator, value, i));
      digest_value(mutator, digest, dict_tag(mutator, value, i), dict_value(mutator, value, i));
    }
    digest_byte(digest, CBOR_BREAK);
    break;
  }
}

/*
 * --- Making texts ---
 * A writer writes JSON straight into the raw bytes of a text (there is no safepoint in all of it), and digests at the
 * same time what it means.
 */

/* Words for keys are made of two parts each. */
static const char *const first_parts[] = {"ad", "ber", "con", "del", "em", "for", "gen", "hal"};
static const char *const second_parts[] = {"ance", "bit", "cy", "der", "el", "form", "gar", "ing"};
enum { PARTS = 8, WORDS = PARTS * PARTS, WORD_BYTES_MAX = 7 };

/* Returns the length; there is no NUL. */
static uint32_t format_word(uint32_t word, char text[WORD_BYTES_MAX])
{
  uint32_t length = 0;
  for (const char *c = first_parts[word / PARTS]; *c != '\0'; c++) text[length++] = *c;
  for (const char *c = second_parts[word % PARTS]; *c != '\0'; c++) text[length++] = *c;
  return length;
}

struct writer {
  char *at;
  const char *full; /* from here on what is open is closed, and no more */
  uint64_t digest;
  struct random *random;
  uint32_t depth, strings; /* parameters */
};

enum { STRING_CHARACTERS_MAX = 200, CHARACTER_ESCAPED_MAX = 12, CHARACTER_BYTES_MAX = 4 };

/* A text may be longer than asked for by the string that made it so, a key and a number, and what closes each level. */
enum { TEXT_MARGIN_BYTES = STRING_CHARACTERS_MAX * CHARACTER_ESCAPED_MAX + 2 * DEPTH_MAX + 128 };

static void put(struct writer *w, const char *text, uint64_t length)
{
  memcpy(w->at, text, length);
  w->at += length;
}

static void put_byte(struct writer *w, char byte) { *w->at++ = byte; }

/* White space is anywhere between two tokens, now and then. */
static void put_space(struct writer *w)
{
  const uint32_t roll = random_below(w->random, 16);
  if (roll < 4) put_byte(w, roll == 0 ? '\n' : roll == 1 ? '\t' : ' ');
}

static void put_hex(struct writer *w, uint32_t unit)
{
  put(w, "\\u", 2);
  for (int shift = 12; shift >= 0; shift -= 4) put_byte(w, "0123456789abcDEF"[unit >> shift & 15]);
}

/* The UTF-8 of a character; returns the end. */
static char *encode_utf8(char *to, uint32_t character)
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

/* A random character into the text, in one of the ways it may stand there, and as it is meant behind `to`. */
static char *put_character(struct writer *w, char *to)
{
  static const char escapes[][2] = {{'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'b', '\b'},
                                    {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'}};
  const uint32_t roll = random_below(w->random, 100);
  if (roll < 90) {
    *to = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ0123456789.,:;-[]{}"[random_below(w->random, 56)];
    put_byte(w, *to++);
    return to;
  }
  if (roll < 94) {
    const char *escape = escapes[random_below(w->random, sizeof escapes / sizeof escapes[0])];
    put_byte(w, '\\');
    put_byte(w, escape[0]);
    *to++ = escape[1];
    return to;
  }
  if (roll < 96) { /* beyond the basic plane: two units, each an escape */
    const uint32_t offset = 0xf600 + random_below(w->random, 80);
    put_hex(w, 0xd800 | offset >> 10);
    put_hex(w, 0xdc00 | (offset & 0x3ff));
    return encode_utf8(to, 0x10000 + offset);
  }
  const uint32_t character = 0x80 + random_below(w->random, 0xd800 - 0x80);
  char *end = encode_utf8(to, character);
  if (roll < 98)
    put_hex(w, character);
  else
    put(w, to, (uint64_t)(end - to));
  return end;
}

/* Most strings are short. */
static void put_string(struct writer *w)
{
  char meant[STRING_CHARACTERS_MAX * CHARACTER_BYTES_MAX];
  const uint32_t roll = random_below(w->random, 50);
  const uint32_t bound = roll < 40 ? 17 : roll < 49 ? 65 : STRING_CHARACTERS_MAX + 1;
  char *end = meant;
  put_byte(w, '"');
  for (uint32_t left = random_below(w->random, bound); left > 0; left--) end = put_character(w, end);
  put_byte(w, '"');
  digest_text(&w->digest, meant, (uint64_t)(end - meant));
}

/* The decimal digits of a number, at least as many as `width`. */
static void put_digits(struct writer *w, uint64_t number, int width)
{
  char digits[20];
  int count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0 || count < width);
  while (count > 0) put_byte(w, digits[--count]);
}

/* Most integers are small. */
static void put_integer(struct writer *w)
{
  const uint32_t roll = random_below(w->random, 10);
  const uint64_t magnitude = random_u64(w->random) >> (roll < 6 ? 54 : roll < 9 ? 44 : 1);
  const bool is_negative = magnitude > 0 && random_below(w->random, 8) == 0;
  if (is_negative) put_byte(w, '-');
  put_digits(w, magnitude, 1);
  digest_integer(&w->digest, is_negative ? -(int64_t)magnitude : (int64_t)magnitude);
}

static void put_real(struct writer *w)
{
  const char *start = w->at;
  if (random_below(w->random, 4) == 0) put_byte(w, '-');
  put_digits(w, random_below(w->random, 100000), 1);
  put_byte(w, '.');
  put_digits(w, random_below(w->random, 10000), 4);
  if (random_below(w->random, 4) == 0) {
    put_byte(w, random_below(w->random, 2) == 0 ? 'e' : 'E');
    if (random_below(w->random, 2) == 0) put_byte(w, '-');
    put_digits(w, random_below(w->random, 40), 2);
  }
  digest_real(&w->digest, strtod(start, NULL)); /* zeros follow */
}

static void put_literal(struct writer *w)
{
  static const char *const literals[] = {"null", "false", "true"};
  static const unsigned char cbor[] = {CBOR_NULL, CBOR_FALSE, CBOR_TRUE};
  const uint32_t which = random_below(w->random, 3);
  put(w, literals[which], strlen(literals[which]));
  digest_byte(&w->digest, cbor[which]);
}

static void put_value(struct writer *w, uint32_t level);

/* `most` members at most; no two have the same key, because steps through the words are odd. */
static void put_object(struct writer *w, uint32_t level, uint32_t least, uint32_t most)
{
  const uint32_t start = random_below(w->random, WORDS);
  const uint32_t step = 2 * random_below(w->random, WORDS / 2) + 1;
  const uint32_t members = least + random_below(w->random, most - least + 1);
  put_byte(w, '{');
  digest_byte(&w->digest, CBOR_MAP);
  for (uint32_t i = 0; i < members && w->at < w->full; i++) {
    char word[WORD_BYTES_MAX];
    const uint32_t length = format_word((start + i * step) % WORDS, word);
    if (i > 0) put_byte(w, ',');
    put_space(w);
    put_byte(w, '"');
    put(w, word, length);
    put_byte(w, '"');
    put_space(w);
    put_byte(w, ':');
    put_space(w);
    digest_text(&w->digest, word, length);
    put_value(w, level + 1);
  }
  put_byte(w, '}');
  digest_byte(&w->digest, CBOR_BREAK);
}

static void put_array(struct writer *w, uint32_t level)
{
  const uint32_t items = random_below(w->random, 9);
  put_byte(w, '[');
  digest_byte(&w->digest, CBOR_ARRAY);
  for (uint32_t i = 0; i < items && w->at < w->full; i++) {
    if (i > 0) put_byte(w, ',');
    put_space(w);
    put_value(w, level + 1);
  }
  put_space(w);
  put_byte(w, ']');
  digest_byte(&w->digest, CBOR_BREAK);
}

/*
 * A value that stands at this level.  Of those that are not strings, a third are arrays and objects, with some four
 * values each: so, as three of ten are strings, a level has about as many values as the one above.
 */
static void put_value(struct writer *w, uint32_t level)
{
  if (random_below(w->random, 100) < w->strings) {
    put_string(w);
    return;
  }
  const uint32_t roll = random_below(w->random, 100);
  if (roll < 17 && level <= w->depth)
    put_object(w, level, 0, 8);
  else if (roll < 34 && level <= w->depth)
    put_array(w, level);
  else if (roll < 65)
    put_integer(w);
  else if (roll < 80)
    put_real(w);
  else
    put_literal(w);
}

/* An array of records: objects of three to eight members. */
static void make_text(struct workload_run *run, gc_ref *slot)
{
  const uint64_t bytes = (uint64_t)run->parameters[DOCUMENT_BYTES];
  const uint64_t room = sizeof(struct text_data) + bytes + TEXT_MARGIN_BYTES;
  gc_new(run->mutator, slot, (struct gc_shape){.bytes = (uint32_t)room, .kind = GC_ATOM});
  struct text_data *data = text_data(*slot);
  struct writer w = {.at = data->text,
                     .full = data->text + bytes,
                     .digest = digest_start,
                     .random = &run->random,
                     .depth = (uint32_t)run->parameters[DEPTH],
                     .strings = (uint32_t)run->parameters[STRINGS]};
  put_byte(&w, '[');
  digest_byte(&w.digest, CBOR_ARRAY);
  for (uint64_t i = 0; w.at < w.full; i++) {
    if (i > 0) put(&w, ",\n", 2);
    put_object(&w, 2, 3, 8);
  }
  put(&w, "]\n", 2);
  digest_byte(&w.digest, CBOR_BREAK);
  data->length = (uint64_t)(w.at - data->text);
  data->digest = w.digest;
}

/* --- Parsing --- */

struct parser {
  struct gc_mutator *mutator;
  const gc_ref *text; /* root slots */
  const gc_ref *keys; /* a dict of the keys that the document had so far */
  uint64_t at;        /* in the text: it may move at every safepoint */
  int level;
};

static const char *parser_here(const struct parser *p) { return text_data(*p->text)->text + p->at; }

static void parser_set(struct parser *p, const char *here) { p->at = (uint64_t)(here - text_data(*p->text)->text); }

static void skip_space(struct parser *p)
{
  const char *c = parser_here(p);
  while (*c == ' ' || *c == '\n' || *c == '\r' || *c == '\t') c++;
  parser_set(p, c);
}

/* Goes on behind the token if it is this byte. */
static bool take(struct parser *p, char byte)
{
  if (*parser_here(p) != byte) return false;
  p->at++;
  return true;
}

static enum type parse_literal(struct parser *p, gc_ref *slot, const char *word, enum type type)
{
  const size_t length = strlen(word);
  if (strncmp(parser_here(p), word, length) != 0) return MALFORMED;
  p->at += length;
  gc_root(p->mutator, slot, NULL);
  return type;
}

static const char *skip_digits(const char *c)
{
  while (*c >= '0' && *c <= '9') c++;
  return c;
}

/* The integer in [start, end), which is a sign or none and digits; false where it does not fit. */
static bool read_integer(const char *start, const char *end, int64_t *integer)
{
  const bool is_negative = *start == '-';
  int64_t value = 0; /* negative all along: there is one more of those */
  for (const char *c = start + is_negative; c < end; c++) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *c - '0', &value)) return false;
  }
  if (!is_negative && value == INT64_MIN) return false;
  *integer = is_negative ? value : -value;
  return true;
}

static enum type parse_number(struct parser *p, gc_ref *slot)
{
  const char *start = parser_here(p);
  const char *c = start + (*start == '-');
  const char *whole = c;
  c = skip_digits(c);
  if (c == whole || (*whole == '0' && c > whole + 1)) return MALFORMED;
  const char *integer_end = c;
  if (*c == '.') {
    const char *fraction = ++c;
    c = skip_digits(c);
    if (c == fraction) return MALFORMED;
  }
  if (*c == 'e' || *c == 'E') {
    c++;
    if (*c == '+' || *c == '-') c++;
    const char *exponent = c;
    c = skip_digits(c);
    if (c == exponent) return MALFORMED;
  }
  int64_t integer = 0;
  const bool is_integer = c == integer_end && read_integer(start, c, &integer);
  const double real = is_integer ? 0 : strtod(start, NULL);
  parser_set(p, c);
  gc_new(p->mutator, slot, number_shape);
  if (is_integer)
    *number_integer(*slot) = integer;
  else
    *number_real(*slot) = real;
  return is_integer ? INTEGER : REAL;
}

/* The unit of the escape \uXXXX that begins here, or -1. */
static int32_t read_unit(const char *c)
{
  if (c[0] != '\\' || c[1] != 'u') return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; i++) {
    const char digit = c[i];
    const int value = digit >= '0' && digit <= '9'   ? digit - '0'
                      : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                      : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                     : -1;
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

/*
 * Reads the escape that begins at c and writes what it means to `to`, which goes on behind it.  Returns the end of the
 * escape, or NULL where it is malformed: half a surrogate pair is.
 */
static const char *read_escape(const char *c, char **to)
{
  static const char names[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  if (c[1] != 'u') {
    const char *name = c[1] == '\0' ? NULL : strchr(names, c[1]);
    if (name == NULL) return NULL;
    *(*to)++ = meanings[name - names];
    return c + 2;
  }
  const int32_t unit = read_unit(c);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return NULL;
  if (unit < 0xd800 || unit >= 0xe000) {
    *to = encode_utf8(*to, (uint32_t)unit);
    return c + 6;
  }
  const int32_t low = read_unit(c + 6);
  if (low < 0xdc00 || low >= 0xe000) return NULL;
  *to = encode_utf8(*to, 0x10000u + ((uint32_t)(unit & 0x3ff) << 10 | (uint32_t)(low & 0x3ff)));
  return c + 12;
}

/* Finds the end of the string whose text begins here, behind its quote, and how long it is in bytes once it is read. */
static const char *measure_string(const char *c, uint32_t *length)
{
  *length = 0;
  while (*c != '"') {
    if ((unsigned char)*c < ' ') return NULL;
    if (*c != '\\') {
      c++;
      ++*length;
      continue;
    }
    char meant[CHARACTER_BYTES_MAX];
    char *to = meant;
    c = read_escape(c, &to);
    if (c == NULL) return NULL;
    *length += (uint32_t)(to - meant);
  }
  return c;
}

/* Twice over the text: the string is made in between, with its exact size. */
static enum type parse_string(struct parser *p, gc_ref *slot)
{
  if (!take(p, '"')) return MALFORMED;
  uint32_t length = 0;
  if (measure_string(parser_here(p), &length) == NULL) return MALFORMED;
  string_new(p->mutator, slot, length);
  const char *c = parser_here(p);
  char *to = string_data(*slot)->text;
  while (*c != '"') {
    if (*c == '\\')
      c = read_escape(c, &to);
    else
      *to++ = *c++;
  }
  string_seal(*slot);
  parser_set(p, c + 1);
  return STRING;
}

/* A key is one object in all of the document; a second string for it dies at once. */
static bool parse_key(struct parser *p, gc_ref *slot)
{
  if (parse_string(p, slot) == MALFORMED) return false;
  const int64_t known = dict_find(p->mutator, *p->keys, string_data(*slot));
  if (known == DICT_NONE)
    dict_put(p->mutator, p->keys, slot, slot, STRING);
  else
    gc_root(p->mutator, slot, dict_key(p->mutator, *p->keys, (uint32_t)known));
  skip_space(p);
  return take(p, ':');
}

static enum type parse_value(struct parser *p, gc_ref *slot);

/* A comma, or what closes an array or object (then *is_closed); false: neither. */
static bool parse_separator(struct parser *p, char close, bool *is_closed)
{
  skip_space(p);
  *is_closed = take(p, close);
  return *is_closed || take(p, ',');
}

static bool parse_items(struct parser *p, const gc_ref *array)
{
  GC_FRAME(frame, 1);
  gc_push(p->mutator, &frame.frame);
  skip_space(p);
  bool is_closed = take(p, ']');
  bool is_well_formed = true;
  while (is_well_formed && !is_closed) {
    const enum type type = parse_value(p, &frame.slot[0]);
    is_well_formed = type != MALFORMED;
    if (!is_well_formed) break;
    list_append_tagged(p->mutator, array, &frame.slot[0], (uint8_t)type);
    is_well_formed = parse_separator(p, ']', &is_closed);
  }
  gc_pop(p->mutator, &frame.frame);
  return is_well_formed;
}

static bool parse_members(struct parser *p, const gc_ref *object)
{
  enum { KEY, VALUE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(p->mutator, &frame.frame);
  skip_space(p);
  bool is_closed = take(p, '}');
  bool is_well_formed = true;
  while (is_well_formed && !is_closed) {
    skip_space(p);
    is_well_formed = parse_key(p, &frame.slot[KEY]);
    if (!is_well_formed) break;
    const enum type type = parse_value(p, &frame.slot[VALUE]);
    is_well_formed = type != MALFORMED;
    if (!is_well_formed) break;
    dict_put(p->mutator, object, &frame.slot[KEY], &frame.slot[VALUE], (uint8_t)type);
    is_well_formed = parse_separator(p, '}', &is_closed);
  }
  gc_pop(p->mutator, &frame.frame);
  return is_well_formed;
}

/* Parses a value into the slot.  Where it is malformed, the slot holds something or nothing. */
static enum type parse_value(struct parser *p, gc_ref *slot)
{
  skip_space(p);
  switch (*parser_here(p)) {
  case '"':
    return parse_string(p, slot);
  case 'n':
    return parse_literal(p, slot, "null", NIL);
  case 'f':
    return parse_literal(p, slot, "false", FALSE);
  case 't':
    return parse_literal(p, slot, "true", TRUE);
  case '[':
  case '{':
    break;
  default:
    return parse_number(p, slot);
  }
  if (p->level == DEPTH_MAX) return MALFORMED;
  const bool is_array = take(p, '[');
  if (is_array)
    list_new_tagged(p->mutator, slot);
  else
    dict_new(p->mutator, slot);
  p->level++;
  p->at += !is_array;
  const bool is_well_formed = is_array ? parse_items(p, slot) : parse_members(p, slot);
  p->level--;
  return !is_well_formed ? MALFORMED : is_array ? ARRAY : OBJECT;
}

/*
 * Parses the text into the slot; MALFORMED, and the slot is empty, where it is not one value and nothing else.  Where
 * the parser stopped goes into *end, in bytes.
 */
static enum type parse(struct gc_mutator *mutator, const gc_ref *text, gc_ref *slot, uint64_t *end)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  dict_new(mutator, &frame.slot[0]);
  struct parser p = {.mutator = mutator, .text = text, .keys = &frame.slot[0]};
  enum type type = parse_value(&p, slot);
  skip_space(&p);
  if (*parser_here(&p) != '\0') type = MALFORMED;
  if (type == MALFORMED) gc_root(mutator, slot, NULL);
  *end = p.at;
  gc_pop(mutator, &frame.frame);
  return type;
}

/* --- Using the tree of a document --- */

/* Looks some words up in each record, and in what is found there if that is an object.  No safepoint. */
static void query(struct workload_run *run, gc_ref words, gc_ref records)
{
  struct gc_mutator *mutator = run->mutator;
  enum { QUERIES = 8 };
  uint64_t sum = 0;
  for (uint32_t q = 0; q < QUERIES; q++) {
    const struct string_data *word = string_data(gc_load(mutator, words, q * (WORDS / QUERIES + 1)));
    for (uint32_t i = 0; i < list_length(records); i++) {
      gc_ref object = list_get(mutator, records, i);
      int64_t entry = 0;
      enum type type = OBJECT;
      while (type == OBJECT && (entry = dict_find(mutator, object, word)) != DICT_NONE) {
        type = dict_tag(mutator, object, (uint32_t)entry);
        object = dict_value(mutator, object, (uint32_t)entry);
      }
      sum = sum * 31 + type;
      if (type == INTEGER) sum += (uint64_t)*number_integer(object);
      if (type == STRING) sum += string_data(object)->length;
      if (type == ARRAY) sum += list_length(object);
    }
  }
  workload_checksum(run, sum);
}

/* Makes a dict of lists of records, by each record's first key. */
static void group(struct gc_mutator *mutator, const gc_ref *records, gc_ref *groups)
{
  enum { RECORD, KEY, GROUP, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  dict_new(mutator, groups);
  for (uint32_t i = 0; i < list_length(*records); i++) {
    gc_root(mutator, &slot[RECORD], list_get(mutator, *records, i));
    if (dict_length(slot[RECORD]) == 0) continue;
    gc_root(mutator, &slot[KEY], dict_key(mutator, slot[RECORD], 0));
    const int64_t known = dict_find(mutator, *groups, string_data(slot[KEY]));
    if (known == DICT_NONE) {
      list_new_tagged(mutator, &slot[GROUP]);
      dict_put(mutator, groups, &slot[KEY], &slot[GROUP], ARRAY);
    } else {
      gc_root(mutator, &slot[GROUP], dict_value(mutator, *groups, (uint32_t)known));
    }
    list_append_tagged(mutator, &slot[GROUP], &slot[RECORD], OBJECT);
  }
  gc_pop(mutator, &frame.frame);
}

static void transform(struct gc_mutator *mutator, enum type type, const gc_ref *from, gc_ref *to);

static void transform_string(struct gc_mutator *mutator, const gc_ref *from, gc_ref *to)
{
  const uint32_t length = string_data(*from)->length;
  string_new(mutator, to, length);
  const char *text = string_data(*from)->text;
  for (uint32_t i = 0; i < length; i++)
    string_data(*to)->text[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
  string_seal(*to);
}

static void transform_array(struct gc_mutator *mutator, const gc_ref *from, gc_ref *to)
{
  enum { OLD, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  list_new_tagged(mutator, to);
  for (uint32_t i = list_length(*from); i > 0; i--) {
    const uint8_t type = list_tags(mutator, *from)[i - 1];
    gc_root(mutator, &frame.slot[OLD], list_get(mutator, *from, i - 1));
    transform(mutator, type, &frame.slot[OLD], &frame.slot[NEW]);
    list_append_tagged(mutator, to, &frame.slot[NEW], type);
  }
  gc_pop(mutator, &frame.frame);
}

static void transform_object(struct gc_mutator *mutator, const gc_ref *from, gc_ref *to)
{
  enum { KEY, OLD, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  dict_new(mutator, to);
  for (uint32_t i = 0; i < dict_length(*from); i++) {
    const uint8_t type = dict_tag(mutator, *from, i);
    if (type == NIL) continue;
    gc_root(mutator, &slot[KEY], dict_key(mutator, *from, i));
    gc_root(mutator, &slot[OLD], dict_value(mutator, *from, i));
    transform(mutator, type, &slot[OLD], &slot[NEW]);
    dict_put(mutator, to, &slot[KEY], &slot[NEW], type);
  }
  gc_pop(mutator, &frame.frame);
}

/*
 * Makes a tree like another: arrays turned around, letters as capitals, integers one more, members that are null left
 * out.  Keys, and numbers that are not integers, are shared with the first.
 */
static void transform(struct gc_mutator *mutator, enum type type, const gc_ref *from, gc_ref *to)
{
  switch (type) {
  case STRING:
    transform_string(mutator, from, to);
    break;
  case ARRAY:
    transform_array(mutator, from, to);
    break;
  case OBJECT:
    transform_object(mutator, from, to);
    break;
  case INTEGER: {
    const uint64_t integer = (uint64_t)*number_integer(*from);
    gc_new(mutator, to, number_shape);
    *number_integer(*to) = (int64_t)(integer + 1);
    break;
  }
  default:
    gc_root(mutator, to, *from);
  }
}

enum { WORDS_SLOT, TEXTS_SLOT, TEXT, TREE, GROUPS, TRANSFORMED, SLOTS };

static void use(struct workload_run *run, gc_ref *slot)
{
  query(run, slot[WORDS_SLOT], slot[TREE]);
  group(run->mutator, &slot[TREE], &slot[GROUPS]);
  for (uint32_t i = 0; i < dict_length(slot[GROUPS]); i++)
    workload_checksum(run, list_length(dict_value(run->mutator, slot[GROUPS], i)));
  transform(run->mutator, ARRAY, &slot[TREE], &slot[TRANSFORMED]);
}

/* The tree must be what its text means. */
static void serialise(struct workload_run *run, const gc_ref *slot)
{
  uint64_t digest = digest_start;
  digest_value(run->mutator, &digest, ARRAY, slot[TREE]);
  workload_checksum(run, digest);
  workload_checksum(run, digest - text_data(slot[TEXT])->digest);
  digest = digest_start;
  digest_value(run->mutator, &digest, ARRAY, slot[TRANSFORMED]);
  workload_checksum(run, digest);
}

/* Parses, uses and drops the text in its slot. */
static void process(struct workload_run *run, gc_ref *slot)
{
  workload_phase(run, "parse");
  uint64_t end = 0;
  const enum type type = parse(run->mutator, &slot[TEXT], &slot[TREE], &end);
  workload_checksum(run, type);
  workload_checksum(run, end);
  if (type != ARRAY) return;
  workload_phase(run, "use");
  use(run, slot);
  workload_phase(run, "serialise");
  serialise(run, slot);
  workload_phase(run, "drop");
  for (uint32_t each = TREE; each <= TRANSFORMED; each++) gc_root(run->mutator, &slot[each], NULL);
}

/* The same with a text that ends somewhere before its last bracket. */
static void process_truncated(struct workload_run *run, gc_ref *slot)
{
  const uint64_t bracket = text_data(slot[TEXT])->length - 2;
  const uint64_t end = (uint64_t)(random_unit(&run->random) * (double)bracket);
  const char byte = text_data(slot[TEXT])->text[end];
  text_data(slot[TEXT])->text[end] = '\0';
  process(run, slot);
  text_data(slot[TEXT])->text[end] = byte;
}

static void make_words(struct gc_mutator *mutator, gc_ref *words)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_new(mutator, words, (struct gc_shape){.fields = WORDS, .kind = GC_LIST});
  for (uint32_t i = 0; i < WORDS; i++) {
    char word[WORD_BYTES_MAX];
    const uint32_t length = format_word(i, word);
    string_new(mutator, &frame.slot[0], length);
    memcpy(string_data(frame.slot[0])->text, word, length);
    string_seal(frame.slot[0]);
    gc_store(mutator, *words, i, frame.slot[0]);
  }
  gc_pop(mutator, &frame.frame);
}

static void run_json_trees(struct workload_run *run)
{
  const uint32_t texts = (uint32_t)run->parameters[TEXTS];
  const uint64_t documents = (uint64_t)run->parameters[DOCUMENTS];
  const uint64_t truncated = (uint64_t)run->parameters[TRUNCATED];
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;

  workload_phase(run, "make texts");
  make_words(run->mutator, &slot[WORDS_SLOT]);
  gc_new(run->mutator, &slot[TEXTS_SLOT], (struct gc_shape){.fields = texts, .kind = GC_LIST});
  for (uint32_t i = 0; i < texts; i++) {
    make_text(run, &slot[TEXT]);
    gc_store(run->mutator, slot[TEXTS_SLOT], i, slot[TEXT]);
  }
  for (uint64_t i = 0; i < documents; i++) {
    const uint32_t which = random_below(&run->random, texts);
    gc_root(run->mutator, &slot[TEXT], gc_load(run->mutator, slot[TEXTS_SLOT], which));
    if ((i + 1) * truncated / 100 != i * truncated / 100)
      process_truncated(run, slot);
    else
      process(run, slot);
    workload_progress(run, i + 1, documents);
  }
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_json_trees = {
    .name = "json_trees",
    .summary = "JSON documents parsed into dicts, lists and strings, used, and dropped at once",
    .source = "gclab; sizes as benchmarks of JSON parsers use them, objects as CPython's json makes them",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_json_trees,
};
