/*
 * A script as the driver reads it: "gclabflt", the length of a JSON document (64 bits), the document with the tables,
 * then operations and values as rows of 32-bit words, in the order that the driver names.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/python/python.h"

enum { OP_WORDS = 20, VALUE_WORDS = 3 };

struct words {
  uint32_t *list;
  size_t count, capacity;
};

struct flattener {
  const struct script *script;
  struct words ops, values;
  json_t *classes, *lists, *tuples, *numbers, *prints, *terms;
  json_t *known_sizes; /* "l3", "t2", "i4": what is in lists, tuples and classes already */
};

/*
 * What there is no memory for would be missing, and the driver would run another program: so all that makes a document
 * is required.
 */
static void set(json_t *object, const char *key, json_t *value)
{
  if (json_object_set_new(object, key, value) != 0) memory_require(NULL);
}

static void append(json_t *array, json_t *value)
{
  if (json_array_append_new(array, value) != 0) memory_require(NULL);
}

/*
 * Texts are bytes, names of files too, and JSON has UTF-8 only: each byte is a character here, which the driver writes
 * as that byte (Latin-1).
 */
static json_t *describe_bytes(const char *bytes)
{
  const size_t length = strlen(bytes);
  char *text = memory_allocate(2 * length);
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = (unsigned char)bytes[i];
    if (byte >= 0x80) text[used++] = (char)(0xc0 | byte >> 6);
    text[used++] = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
  }
  json_t *described = memory_require(json_stringn(text, used));
  free(text);
  return described;
}

static void add_word(struct words *words, uint32_t word)
{
  if (words->count == words->capacity) {
    words->capacity = words->capacity == 0 ? 1024 : 2 * words->capacity;
    words->list = memory_require(reallocarray(words->list, words->capacity, sizeof *words->list));
  }
  words->list[words->count++] = word;
}

/* Returns where it stands, in words. */
static uint32_t add_value(struct flattener *flat, const struct script_value *value)
{
  const size_t at = flat->values.count;
  add_word(&flat->values, value->kind);
  add_word(&flat->values, value->root);
  add_word(&flat->values, value->field);
  return (uint32_t)at;
}

/* True the first time that a size is met. */
static bool is_new(struct flattener *flat, char what, uint32_t size, int64_t number)
{
  char key[32];
  snprintf(key, sizeof key, "%c%u", what, size);
  if (json_object_get(flat->known_sizes, key) != NULL) return false;
  set(flat->known_sizes, key, json_integer(number));
  return true;
}

static bool is_used(const struct flattener *flat, uint32_t type)
{
  for (size_t i = 0; i < flat->script->op_count; i++) {
    if (flat->script->ops[i].code == SCRIPT_NEW && flat->script->ops[i].type == type) return true;
  }
  return false;
}

/* Where each action's operations begin and end. */
static json_t *describe_actions(const struct script *script)
{
  json_t *actions = memory_require(json_array());
  for (size_t i = 0; i < script->action_count; i++) {
    const uint32_t position = script->actions[i].position;
    append(actions, json_pack("[I,I]", (json_int_t)position + 1, (json_int_t)script->ops[position].target));
  }
  return actions;
}

/* The script's classes come first; instances without one get a class by their number of fields. */
static void add_classes(struct flattener *flat)
{
  for (size_t i = 0; i < flat->script->class_count; i++) {
    const struct script_class *class = &flat->script->classes[i];
    json_t *names = memory_require(json_array());
    for (uint32_t k = 0; k < class->field_count; k++)
      append(names, json_integer(flat->script->field_names[class->first_field + k]));
    json_t *document = memory_require(json_pack("{sI so sb}", "fields", (json_int_t) class->field_count, "names", names,
                                                "legacy", class->legacy && is_used(flat, (uint32_t)i)));
    if (class->finalizer != SCRIPT_NOBODY) set(document, "finalizer", json_integer(class->finalizer));
    append(flat->classes, document);
  }
}

static uint32_t class_of(struct flattener *flat, const struct script_op *op)
{
  if (op->type != SCRIPT_NOBODY) return op->type;
  char key[32];
  snprintf(key, sizeof key, "i%u", op->size);
  if (is_new(flat, 'i', op->size, (int64_t)json_array_size(flat->classes)))
    append(flat->classes, json_pack("{sI}", "fields", (json_int_t)op->size));
  return (uint32_t)json_integer_value(json_object_get(flat->known_sizes, key));
}

static json_t *describe_term(struct flattener *flat, const struct script_term *term)
{
  const uint32_t at = add_value(flat, &term->values[0]);
  add_value(flat, &term->values[1]);
  return json_pack("{ss sI sI}", "quantity", script_quantity_word(term->quantity), "number", (json_int_t)term->number,
                   "values", (json_int_t)at);
}

static json_t *describe_print(struct flattener *flat, const struct script_op *op)
{
  json_t *items = memory_require(json_array());
  for (uint32_t i = 0; i < op->operands; i++) {
    const struct script_operand *operand = &flat->script->operands[op->first + i];
    append(items, operand->kind == SCRIPT_OPERAND_TEXT
                      ? json_pack("{so}", "text", describe_bytes(flat->script->texts[operand->text]))
                      : describe_term(flat, &operand->term));
  }
  return items;
}

/* What stands in the tables of an operation; returns its first operand there. */
static uint32_t add_operands(struct flattener *flat, const struct script_op *op, size_t position)
{
  char key[24];
  uint32_t first = 0;
  snprintf(key, sizeof key, "%zu", position);
  switch (op->code) {
  case SCRIPT_NEW:
    if (op->kind == GC_LIST && is_new(flat, 'l', op->length, 0)) append(flat->lists, json_integer(op->length));
    if (op->kind != GC_TUPLE) break;
    if (is_new(flat, 't', op->size, 0)) append(flat->tuples, json_integer(op->size));
    first = (uint32_t)flat->values.count;
    for (uint32_t i = 0; i < op->operands; i++) add_value(flat, &flat->script->operands[op->first + i].value);
    break;
  case SCRIPT_REPEAT:
  case SCRIPT_EXPECT:
    set(flat->numbers, key, json_integer(op->number));
    if (op->code == SCRIPT_REPEAT) break;
    first = (uint32_t)json_array_size(flat->terms);
    append(flat->terms, describe_term(flat, &op->term));
    break;
  case SCRIPT_THRESHOLD:
    set(flat->numbers, key,
        json_pack("[I,I,I]", (json_int_t)op->thresholds[0], (json_int_t)op->thresholds[1],
                  (json_int_t)op->thresholds[2]));
    break;
  case SCRIPT_PRINT:
    first = (uint32_t)json_array_size(flat->prints);
    append(flat->prints, describe_print(flat, op));
    break;
  default:
    break;
  }
  return first;
}

static void add_op(struct flattener *flat, size_t position)
{
  const struct script_op *op = &flat->script->ops[position];
  const uint32_t first = add_operands(flat, op, position);
  const uint32_t type = op->code == SCRIPT_NEW && op->kind == GC_INSTANCE ? class_of(flat, op) : 0;
  const uint32_t words[OP_WORDS] = {
      op->code,       op->flags,      op->kind,        op->root, op->field,    op->action, op->size,
      op->length,     type,           op->target,      first,    op->operands, 0,          0,
      op->value.kind, op->value.root, op->value.field, op->line, op->relation, 0};
  for (int i = 0; i < OP_WORDS; i++) add_word(&flat->ops, words[i]);
}

static bool write_file(const struct flattener *flat, const char *file, const int64_t *thresholds, const char *path)
{
  json_t *tables = memory_require(json_pack(
      "{so sI sI sI so sO sO sO sO sO sO s[I,I,I]}", "file", describe_bytes(file), "operations",
      (json_int_t)flat->script->op_count, "values", (json_int_t)(flat->values.count / VALUE_WORDS), "roots",
      (json_int_t)flat->script->root_count, "actions", describe_actions(flat->script), "classes", flat->classes,
      "lists", flat->lists, "tuples", flat->tuples, "numbers", flat->numbers, "prints", flat->prints, "terms",
      flat->terms, "thresholds", (json_int_t)thresholds[0], (json_int_t)thresholds[1], (json_int_t)thresholds[2]));
  char *text = memory_require(json_dumps(tables, JSON_COMPACT));
  json_decref(tables);
  FILE *out = memory_or_null(fopen(path, "wb"));
  if (out == NULL) {
    free(text);
    return false;
  }
  const uint64_t length = strlen(text);
  fwrite("gclabflt", 1, 8, out);
  fwrite(&length, sizeof length, 1, out);
  fwrite(text, 1, length, out);
  if (flat->ops.count > 0) fwrite(flat->ops.list, sizeof(uint32_t), flat->ops.count, out);
  if (flat->values.count > 0) fwrite(flat->values.list, sizeof(uint32_t), flat->values.count, out);
  free(text);
  const bool written = ferror(out) == 0;
  return fclose(out) == 0 && written;
}

bool python_flatten(const struct script *script, const char *file, const int64_t *thresholds, const char *path)
{
  struct flattener flat = {.script = script,
                           .classes = memory_require(json_array()),
                           .lists = memory_require(json_array()),
                           .tuples = memory_require(json_array()),
                           .numbers = memory_require(json_object()),
                           .prints = memory_require(json_array()),
                           .terms = memory_require(json_array()),
                           .known_sizes = memory_require(json_object())};
  add_classes(&flat);
  for (size_t i = 0; i < script->op_count; i++) add_op(&flat, i);
  const bool written = write_file(&flat, file, thresholds, path);
  json_t *const documents[] = {flat.classes, flat.lists, flat.tuples,     flat.numbers,
                               flat.prints,  flat.terms, flat.known_sizes};
  for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) json_decref(documents[i]);
  free(flat.ops.list);
  free(flat.values.list);
  return written;
}
