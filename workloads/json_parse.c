/*
 * json_parse: all of RFC 8259 and nothing else.  It recurses as deep as values may be nested.
 */
#include "workloads/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/dict.h"
#include "workloads/list.h"

struct parser {
  struct gc_mutator *mutator;
  const gc_ref *text; /* root slots */
  const gc_ref *keys; /* a dict of the keys that the document had so far */
  uint64_t at;        /* in the text: it may move at every safepoint */
  int level;
};

static const char *parser_here(const struct parser *p) { return json_text(*p->text)->text + p->at; }

static void parser_set(struct parser *p, const char *here) { p->at = (uint64_t)(here - json_text(*p->text)->text); }

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

static enum json_type parse_literal(struct parser *p, gc_ref *slot, const char *word, enum json_type type)
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

static enum json_type parse_number(struct parser *p, gc_ref *slot)
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
    *to = json_encode_utf8(*to, (uint32_t)unit);
    return c + 6;
  }
  const int32_t low = read_unit(c + 6);
  if (low < 0xdc00 || low >= 0xe000) return NULL;
  *to = json_encode_utf8(*to, 0x10000u + ((uint32_t)(unit & 0x3ff) << 10 | (uint32_t)(low & 0x3ff)));
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
    char meant[JSON_CHARACTER_BYTES_MAX];
    char *to = meant;
    c = read_escape(c, &to);
    if (c == NULL) return NULL;
    *length += (uint32_t)(to - meant);
  }
  return c;
}

/* Twice over the text: the string is made in between, with its exact size. */
static enum json_type parse_string(struct parser *p, gc_ref *slot)
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

static enum json_type parse_value(struct parser *p, gc_ref *slot);

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
    const enum json_type type = parse_value(p, &frame.slot[0]);
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
    const enum json_type type = parse_value(p, &frame.slot[VALUE]);
    is_well_formed = type != MALFORMED;
    if (!is_well_formed) break;
    dict_put(p->mutator, object, &frame.slot[KEY], &frame.slot[VALUE], (uint8_t)type);
    is_well_formed = parse_separator(p, '}', &is_closed);
  }
  gc_pop(p->mutator, &frame.frame);
  return is_well_formed;
}

/* Parses a value into the slot.  Where it is malformed, the slot holds something or nothing. */
static enum json_type parse_value(struct parser *p, gc_ref *slot)
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
  if (p->level == JSON_DEPTH_MAX) return MALFORMED;
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

enum json_type json_parse(struct gc_mutator *mutator, const gc_ref *text, gc_ref *slot, uint64_t *end)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  dict_new(mutator, &frame.slot[0]);
  struct parser p = {.mutator = mutator, .text = text, .keys = &frame.slot[0]};
  enum json_type type = parse_value(&p, slot);
  skip_space(&p);
  if (*parser_here(&p) != '\0') type = MALFORMED;
  if (type == MALFORMED) gc_root(mutator, slot, NULL);
  *end = p.at;
  gc_pop(mutator, &frame.frame);
  return type;
}
