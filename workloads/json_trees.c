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

#include <string.h>

#include "workloads/dict.h"
#include "workloads/json.h"
#include "workloads/json_digest.h"
#include "workloads/list.h"

enum { DOCUMENT_BYTES, DOCUMENTS, TEXTS, DEPTH, STRINGS, TRUNCATED, PARAMETERS };

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
               .maximum = JSON_DEPTH_MAX,
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

/* --- Using the tree of a document --- */

/* Looks some words up in each record, and in what is found there if that is an object.  No safepoint. */
static void query(struct workload_run *run, gc_ref words, gc_ref records)
{
  struct gc_mutator *mutator = run->mutator;
  enum { QUERIES = 8 };
  uint64_t sum = 0;
  for (uint32_t q = 0; q < QUERIES; q++) {
    const struct string_data *word = string_data(gc_load(mutator, words, q * (JSON_WORDS / QUERIES + 1)));
    for (uint32_t i = 0; i < list_length(records); i++) {
      gc_ref object = list_get(mutator, records, i);
      int64_t entry = 0;
      enum json_type type = OBJECT;
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

static void transform(struct gc_mutator *mutator, enum json_type type, const gc_ref *from, gc_ref *to);

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
static void transform(struct gc_mutator *mutator, enum json_type type, const gc_ref *from, gc_ref *to)
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

static void digest_string(uint64_t *digest, gc_ref string)
{
  digest_text(digest, string_data(string)->text, string_data(string)->length);
}

/* No safepoint.  Recursion is as deep as values are nested. */
static void digest_value(struct gc_mutator *mutator, uint64_t *digest, enum json_type type, gc_ref value)
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

/* The tree must be what its text means. */
static void serialise(struct workload_run *run, const gc_ref *slot)
{
  uint64_t digest = digest_start;
  digest_value(run->mutator, &digest, ARRAY, slot[TREE]);
  workload_checksum(run, digest);
  workload_checksum(run, digest - json_text(slot[TEXT])->digest);
  digest = digest_start;
  digest_value(run->mutator, &digest, ARRAY, slot[TRANSFORMED]);
  workload_checksum(run, digest);
}

/* Parses, uses and drops the text in its slot. */
static void process(struct workload_run *run, gc_ref *slot)
{
  workload_phase(run, "parse");
  uint64_t end = 0;
  const enum json_type type = json_parse(run->mutator, &slot[TEXT], &slot[TREE], &end);
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
  const uint64_t bracket = json_text(slot[TEXT])->length - 2;
  const uint64_t end = (uint64_t)(random_unit(&run->random) * (double)bracket);
  const char byte = json_text(slot[TEXT])->text[end];
  json_text(slot[TEXT])->text[end] = '\0';
  process(run, slot);
  json_text(slot[TEXT])->text[end] = byte;
}

static void make_words(struct gc_mutator *mutator, gc_ref *words)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_new(mutator, words, (struct gc_shape){.fields = JSON_WORDS, .kind = GC_LIST});
  for (uint32_t i = 0; i < JSON_WORDS; i++) {
    char word[JSON_WORD_BYTES_MAX];
    const uint32_t length = json_format_word(i, word);
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
  const struct json_style style = {.bytes = (uint64_t)run->parameters[DOCUMENT_BYTES],
                                   .depth = (uint32_t)run->parameters[DEPTH],
                                   .strings = (uint32_t)run->parameters[STRINGS]};
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;

  workload_phase(run, "make texts");
  make_words(run->mutator, &slot[WORDS_SLOT]);
  gc_new(run->mutator, &slot[TEXTS_SLOT], (struct gc_shape){.fields = texts, .kind = GC_LIST});
  for (uint32_t i = 0; i < texts; i++) {
    json_make_text(run->mutator, &run->random, &style, &slot[TEXT]);
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
