/*
 * json_text: JSON is written straight into the raw bytes of a text (there is no safepoint in all of it), and what it
 * means is digested at the same time.
 */
#include "workloads/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/json_digest.h"

/* Words for keys are made of two parts each. */
static const char *const first_parts[] = {"ad", "ber", "con", "del", "em", "for", "gen", "hal"};
static const char *const second_parts[] = {"ance", "bit", "cy", "der", "el", "form", "gar", "ing"};
enum { PARTS = 8 };

_Static_assert(JSON_WORDS == PARTS * PARTS, "each word has two parts");

uint32_t json_format_word(uint32_t word, char text[JSON_WORD_BYTES_MAX])
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
  const struct json_style *style;
};

enum { STRING_CHARACTERS_MAX = 200, CHARACTER_ESCAPED_MAX = 12 };

/* A text may be longer than asked for by the string that made it so, a key and a number, and what closes each level. */
enum { TEXT_MARGIN_BYTES = STRING_CHARACTERS_MAX * CHARACTER_ESCAPED_MAX + 2 * JSON_DEPTH_MAX + 128 };

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
    return json_encode_utf8(to, 0x10000 + offset);
  }
  const uint32_t character = 0x80 + random_below(w->random, 0xd800 - 0x80);
  char *end = json_encode_utf8(to, character);
  if (roll < 98)
    put_hex(w, character);
  else
    put(w, to, (uint64_t)(end - to));
  return end;
}

/* Most strings are short. */
static void put_string(struct writer *w)
{
  char meant[STRING_CHARACTERS_MAX * JSON_CHARACTER_BYTES_MAX];
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
  const uint32_t start = random_below(w->random, JSON_WORDS);
  const uint32_t step = 2 * random_below(w->random, JSON_WORDS / 2) + 1;
  const uint32_t members = least + random_below(w->random, most - least + 1);
  put_byte(w, '{');
  digest_byte(&w->digest, CBOR_MAP);
  for (uint32_t i = 0; i < members && w->at < w->full; i++) {
    char word[JSON_WORD_BYTES_MAX];
    const uint32_t length = json_format_word((start + i * step) % JSON_WORDS, word);
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
  if (random_below(w->random, 100) < w->style->strings) {
    put_string(w);
    return;
  }
  const uint32_t roll = random_below(w->random, 100);
  if (roll < 17 && level <= w->style->depth)
    put_object(w, level, 0, 8);
  else if (roll < 34 && level <= w->style->depth)
    put_array(w, level);
  else if (roll < 65)
    put_integer(w);
  else if (roll < 80)
    put_real(w);
  else
    put_literal(w);
}

void json_make_text(struct gc_mutator *mutator, struct random *random, const struct json_style *style, gc_ref *slot)
{
  const uint64_t room = sizeof(struct json_text) + style->bytes + TEXT_MARGIN_BYTES;
  gc_new(mutator, slot, (struct gc_shape){.bytes = (uint32_t)room, .kind = GC_ATOM});
  struct json_text *data = json_text(*slot);
  struct writer w = {
      .at = data->text, .full = data->text + style->bytes, .digest = digest_start, .random = random, .style = style};
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
