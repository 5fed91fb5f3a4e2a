/*
 * The packed form.  One function a structure both writes and reads it, so that the two cannot disagree: a codec is
 * either, and each field passes through code_number.  Numbers are varints of 7 bits a byte, least first; signed ones
 * are zigzagged.  Only the fields that an operation uses are there.  docs/heap-scripts.md describes the format.
 *
 * Reading trusts nothing: a longer varint than needed, a number out of its range, or a byte behind the end is refused,
 * so that the bytes of a script are unique, and the tables are checked as a whole at the end (script_check).
 */
#include "harness/script/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/script/parse.h"

static const char magic[8] = {'g', 'c', 'l', 'a', 'b', 'h', 's', '1'};

struct codec {
  bool writes;
  unsigned char *bytes;
  size_t length, capacity, at; /* at: of reading */
  bool failed;
  const char *why;
};

static void refuse(struct codec *codec, const char *why)
{
  if (!codec->failed) codec->why = why;
  codec->failed = true;
}

static void put_byte(struct codec *codec, unsigned byte)
{
  if (codec->length == codec->capacity) {
    codec->capacity = codec->capacity == 0 ? 4096 : 2 * codec->capacity;
    codec->bytes = script_require(realloc(codec->bytes, codec->capacity));
  }
  codec->bytes[codec->length++] = (unsigned char)byte;
}

static unsigned get_byte(struct codec *codec)
{
  if (codec->failed) return 0;
  if (codec->at < codec->length) return codec->bytes[codec->at++];
  refuse(codec, "it ends in the middle");
  return 0;
}

static uint64_t get_varint(struct codec *codec)
{
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const unsigned byte = get_byte(codec);
    if (shift == 63 && byte > 1) refuse(codec, "a number has more than 64 bits");
    if (shift > 0 && byte == 0 && !codec->failed) refuse(codec, "a number is longer than it needs to be");
    if (codec->failed) return 0;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

/* Writes *value, or reads it: at most `most`. */
static void code_number(struct codec *codec, uint64_t *value, uint64_t most)
{
  if (!codec->writes) {
    *value = get_varint(codec);
    if (*value > most) refuse(codec, "a number is larger than it can be");
    if (codec->failed) *value = 0;
    return;
  }
  uint64_t rest = *value;
  for (; rest >= 0x80; rest >>= 7) put_byte(codec, (unsigned)(rest & 0x7f) | 0x80);
  put_byte(codec, (unsigned)rest);
}

static void code_u32(struct codec *codec, uint32_t *value)
{
  uint64_t wide = *value;
  code_number(codec, &wide, UINT32_MAX);
  *value = (uint32_t)wide;
}

/* SCRIPT_NOBODY and SCRIPT_SELF, all ones, are 0; others are one more. */
static void code_optional(struct codec *codec, uint32_t *value)
{
  uint64_t wide = *value == UINT32_MAX ? 0 : (uint64_t)*value + 1;
  code_number(codec, &wide, UINT32_MAX);
  *value = wide == 0 ? UINT32_MAX : (uint32_t)(wide - 1);
}

static void code_u8(struct codec *codec, uint8_t *value, uint64_t most)
{
  uint64_t wide = *value;
  code_number(codec, &wide, most);
  *value = (uint8_t)wide;
}

static void code_signed(struct codec *codec, int64_t *value)
{
  uint64_t wide = ((uint64_t)*value << 1) ^ (uint64_t)(*value >> 63);
  code_number(codec, &wide, UINT64_MAX);
  *value = (int64_t)(wide >> 1) ^ -(int64_t)(wide & 1);
}

/* The name's bit goes to the lowest place, so that small numbers stay short. */
static void code_field(struct codec *codec, uint32_t *field)
{
  uint64_t wide = (uint64_t)(*field & ~SCRIPT_NAMED) << 1 | *field >> 31;
  code_number(codec, &wide, UINT32_MAX);
  *field = (uint32_t)(wide >> 1) | (uint32_t)(wide & 1) << 31;
}

static void code_value(struct codec *codec, struct script_value *value)
{
  uint64_t kind = value->kind;
  code_number(codec, &kind, SCRIPT_FIELD);
  value->kind = (enum script_value_kind)kind;
  if (kind != SCRIPT_NONE) code_optional(codec, &value->root);
  if (kind == SCRIPT_FIELD) code_field(codec, &value->field);
}

static void code_term(struct codec *codec, struct script_term *term)
{
  uint64_t quantity = term->quantity;
  code_number(codec, &quantity, SCRIPT_QUANTITIES_COUNT - 1);
  if (codec->failed) return;
  term->quantity = (enum script_quantity)quantity;
  switch (script_quantity_argument(term->quantity)) {
  case SCRIPT_NOTHING:
    break;
  case SCRIPT_GENERATION:
  case SCRIPT_ACTION_NAME:
    code_u32(codec, &term->number);
    break;
  case SCRIPT_TWO_VALUES:
    code_value(codec, &term->values[0]);
    code_value(codec, &term->values[1]);
    break;
  case SCRIPT_VALUE:
    code_value(codec, &term->values[0]);
    break;
  }
}

static void code_operand(struct codec *codec, struct script_operand *operand)
{
  uint64_t kind = operand->kind;
  code_number(codec, &kind, SCRIPT_OPERAND_OPTION);
  operand->kind = (enum script_operand_kind)kind;
  switch (operand->kind) {
  case SCRIPT_OPERAND_VALUE:
    code_value(codec, &operand->value);
    break;
  case SCRIPT_OPERAND_TEXT:
    code_u32(codec, &operand->text);
    break;
  case SCRIPT_OPERAND_TERM:
    code_term(codec, &operand->term);
    break;
  case SCRIPT_OPERAND_OPTION:
    code_u32(codec, &operand->text);
    code_signed(codec, &operand->number);
    break;
  }
}

static void code_operands(struct codec *codec, struct script *script, struct script_op *op)
{
  code_u32(codec, &op->operands);
  if (!codec->writes) op->first = op->operands == 0 ? 0 : (uint32_t)script->operand_count;
  for (uint32_t i = 0; i < op->operands && !codec->failed; i++) {
    struct script_operand operand = {.kind = SCRIPT_OPERAND_VALUE};
    if (codec->writes) operand = script->operands[op->first + i];
    code_operand(codec, &operand);
    if (!codec->writes && !codec->failed) script_add_operand(script, operand);
  }
}

static void code_new(struct codec *codec, struct script *script, struct script_op *op)
{
  code_u32(codec, &op->root);
  code_u8(codec, &op->kind, GC_ATOM);
  code_u32(codec, &op->bytes);
  switch (op->kind) {
  case GC_INSTANCE:
    code_optional(codec, &op->type);
    code_u32(codec, &op->size);
    if (!codec->writes && op->type == SCRIPT_NOBODY) op->flags |= SCRIPT_CLASSLESS;
    break;
  case GC_LIST:
    code_u32(codec, &op->length);
    code_u32(codec, &op->size);
    break;
  case GC_DICT:
    code_u32(codec, &op->size);
    break;
  case GC_TUPLE:
    code_operands(codec, script, op);
    if (!codec->writes) op->size = op->operands;
    break;
  default:
    break;
  }
}

static void code_rest(struct codec *codec, struct script *script, struct script_op *op)
{
  switch (op->code) {
  case SCRIPT_NEW:
    code_new(codec, script, op);
    break;
  case SCRIPT_STORE:
  case SCRIPT_DELETE:
    code_optional(codec, &op->root);
    code_field(codec, &op->field);
    if (op->code == SCRIPT_STORE) code_value(codec, &op->value);
    break;
  case SCRIPT_LOAD:
  case SCRIPT_APPEND:
  case SCRIPT_DEREF:
  case SCRIPT_WEAK:
    code_optional(codec, &op->root);
    code_value(codec, &op->value);
    if (op->code == SCRIPT_WEAK) code_optional(codec, &op->action);
    break;
  case SCRIPT_DROP:
  case SCRIPT_COLLECT:
    code_u32(codec, &op->root);
    break;
  case SCRIPT_THRESHOLD:
    code_u32(codec, &op->size);
    if (op->size > 3) refuse(codec, "there are three thresholds");
    for (uint32_t i = 0; i < op->size && !codec->failed; i++) code_signed(codec, &op->thresholds[i]);
    break;
  case SCRIPT_REPEAT:
    code_signed(codec, &op->number);
    break;
  case SCRIPT_ACTION:
    code_u32(codec, &op->action);
    break;
  case SCRIPT_RANDOM:
    code_signed(codec, &op->number);
    code_u32(codec, &op->root);
    code_operands(codec, script, op);
    break;
  case SCRIPT_PRINT:
    code_operands(codec, script, op);
    break;
  case SCRIPT_EXPECT:
    code_term(codec, &op->term);
    code_u8(codec, &op->relation, SCRIPT_AT_LEAST);
    code_signed(codec, &op->number);
    break;
  default:
    break;
  }
}

/* The lowest bit of the first byte is SCRIPT_TRY. */
static void code_op(struct codec *codec, struct script *script, struct script_op *op)
{
  uint64_t head = (uint64_t)op->code << 1 | (op->flags & SCRIPT_TRY);
  code_number(codec, &head, 2 * SCRIPT_CODES - 1);
  if (!codec->writes) {
    *op = script_op_empty((enum script_code)(head >> 1));
    op->flags = head & SCRIPT_TRY;
    if (op->flags != 0 && op->code > SCRIPT_DEREF) refuse(codec, "'try' in front of what is always possible");
  }
  if (!codec->failed) code_rest(codec, script, op);
}

/* A string, length first.  Reading gives a malloc'ed one, or NULL. */
static char *code_string(struct codec *codec, const char *string)
{
  uint64_t length = string != NULL ? strlen(string) : 0;
  code_number(codec, &length, UINT32_MAX);
  if (codec->writes) {
    for (size_t i = 0; string != NULL && i < length; i++) put_byte(codec, (unsigned char)string[i]);
    return NULL;
  }
  if (codec->failed || codec->length - codec->at < length) {
    refuse(codec, "it ends in the middle");
    return NULL;
  }
  if (memchr(codec->bytes + codec->at, '\0', length) != NULL) {
    refuse(codec, "a zero byte is in a string");
    return NULL;
  }
  char *copy = script_require(strndup((const char *)codec->bytes + codec->at, length));
  codec->at += length;
  return copy;
}

static uint64_t code_count(struct codec *codec, size_t count)
{
  uint64_t wide = count;
  code_number(codec, &wide, UINT32_MAX - 1);
  return wide;
}

/* What a name may be, so that the printed script is a script. */
static bool is_name(const char *name)
{
  const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  return length > 0 && name[length] == '\0' && length <= SCRIPT_NAME_MAX && strspn(name, "0123456789") == 0;
}

static void code_names(struct codec *codec, struct script *script)
{
  const uint64_t count = code_count(codec, script->name_count);
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    char *name = code_string(codec, codec->writes ? script->names[i] : NULL);
    if (codec->writes || codec->failed) continue;
    if (!is_name(name)) {
      refuse(codec, "a name is none");
    } else if (script_name(script, name) != i) {
      refuse(codec, "a name stands twice");
    }
    free(name);
  }
}

static void code_texts(struct codec *codec, struct script *script)
{
  const uint64_t count = code_count(codec, script->text_count);
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    char *text = code_string(codec, codec->writes ? script->texts[i] : NULL);
    if (!codec->writes && !codec->failed) script_text(script, text);
    free(text);
  }
}

static void code_roots(struct codec *codec, struct script *script)
{
  const uint64_t count = code_count(codec, script->root_count);
  if (count > SCRIPT_ROOTS_MAX) refuse(codec, "there are too many roots");
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    uint32_t name = codec->writes ? script->roots[i] : 0;
    code_optional(codec, &name);
    if (codec->writes) continue;
    script_root(script, SCRIPT_NOBODY);
    script->roots[i] = name;
  }
}

static void code_class(struct codec *codec, struct script *script, struct script_class *class)
{
  code_u32(codec, &class->name);
  code_u32(codec, &class->field_count);
  if (class->field_count > SCRIPT_FIELDS_MAX) refuse(codec, "a class has too many fields");
  if (!codec->writes) class->first_field = (uint32_t)script->field_name_count;
  for (uint32_t i = 0; i < class->field_count && !codec->failed; i++) {
    uint32_t name = codec->writes ? script->field_names[class->first_field + i] : 0;
    code_u32(codec, &name);
    if (!codec->writes) script_add_field_name(script, name);
  }
  code_optional(codec, &class->finalizer);
  uint64_t legacy = class->legacy;
  code_number(codec, &legacy, class->finalizer != SCRIPT_NOBODY);
  class->legacy = legacy != 0;
}

static void code_classes(struct codec *codec, struct script *script)
{
  const uint64_t count = code_count(codec, script->class_count);
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    struct script_class class = {.line = (uint32_t)i + 1, .column = 1};
    if (codec->writes) class = script->classes[i];
    code_class(codec, script, &class);
    if (!codec->writes && !codec->failed) script_add_class(script, class);
  }
}

static void code_actions(struct codec *codec, struct script *script)
{
  const uint64_t count = code_count(codec, script->action_count);
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    uint32_t name = codec->writes ? script->actions[i].name : 0;
    code_u32(codec, &name);
    if (!codec->writes && script_action_named(script, name) != i) refuse(codec, "an action stands twice");
  }
}

/* While reading: where blocks end. */
static void note_block(struct codec *codec, struct script *script, size_t position, uint32_t *open, uint32_t *depth)
{
  struct script_op *op = &script->ops[position];
  if (op->code == SCRIPT_REPEAT || op->code == SCRIPT_ACTION) {
    if (*depth == SCRIPT_NESTING_MAX) {
      refuse(codec, "blocks are nested too deep");
      return;
    }
    if (op->code == SCRIPT_ACTION && op->action < script->action_count)
      script->actions[op->action].position = (uint32_t)position;
    op->target = SCRIPT_NOBODY;
    open[(*depth)++] = (uint32_t)position;
  } else if (op->code == SCRIPT_END) {
    if (*depth == 0) {
      refuse(codec, "a block ends that did not begin");
      return;
    }
    op->target = open[--*depth];
    script->ops[op->target].target = (uint32_t)position;
  }
}

static void code_ops(struct codec *codec, struct script *script)
{
  uint32_t open[SCRIPT_NESTING_MAX];
  uint32_t depth = 0;
  const uint64_t count = code_count(codec, script->op_count);
  for (uint64_t i = 0; i < count && !codec->failed; i++) {
    struct script_op op = script_op_empty(SCRIPT_CHECK);
    if (codec->writes) {
      op = script->ops[i];
      code_op(codec, script, &op);
      continue;
    }
    code_op(codec, script, &op);
    op.line = (uint32_t)(script->class_count + i) + 1; /* of the canonical text */
    op.column = 1;
    if (!codec->failed) note_block(codec, script, script_add_op(script, op), open, &depth);
  }
}

static void code_script(struct codec *codec, struct script *script)
{
  code_names(codec, script);
  code_texts(codec, script);
  code_roots(codec, script);
  code_actions(codec, script);
  code_classes(codec, script);
  code_ops(codec, script);
}

bool script_is_packed(const void *bytes, size_t length)
{
  return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

void *script_pack(const struct script *script, size_t *length)
{
  struct codec codec = {.writes = true};
  for (size_t i = 0; i < sizeof magic; i++) put_byte(&codec, (unsigned char)magic[i]);
  /* A writing codec changes nothing. */
  code_script(&codec, (struct script *)(uintptr_t)script); // NOLINT(performance-no-int-to-ptr)
  *length = codec.length;
  return codec.bytes; // NOLINT(clang-analyzer-unix.Malloc): the caller's
}

bool script_write_packed(const struct script *script, const char *path)
{
  size_t length;
  void *bytes = script_pack(script, &length);
  FILE *file = fopen(path, "wb");
  if (file == NULL && errno == ENOMEM) script_require(NULL);
  const bool written = file != NULL && fwrite(bytes, 1, length, file) == length;
  free(bytes);
  return (file == NULL || fclose(file) == 0) && written;
}

struct script *script_unpack(const void *bytes, size_t length, struct script_error *error)
{
  struct codec codec = {.bytes = (unsigned char *)(uintptr_t)bytes, // NOLINT(performance-no-int-to-ptr): only read
                        .length = length,
                        .at = sizeof magic};
  *error = (struct script_error){0};
  if (!script_is_packed(bytes, length)) {
    snprintf(error->message, sizeof error->message, "this is no packed script: it does not begin with 'gclabhs1'");
    return NULL;
  }
  struct script *script = script_new();
  code_script(&codec, script);
  if (!codec.failed && codec.at != length) refuse(&codec, "something stands behind its end");
  if (codec.failed) {
    snprintf(error->message, sizeof error->message, "the packed script is damaged at byte %zu: %s", codec.at,
             codec.why);
  } else if (script_check(script, error)) { // NOLINT(clang-analyzer-unix.Malloc): reading allocates no bytes
    return script;
  }
  script_free(script);
  return NULL;
}

static char *read_all(FILE *file, size_t *length)
{
  size_t capacity = 1 << 16;
  char *bytes = script_require(malloc(capacity));
  *length = 0;
  for (;;) {
    *length += fread(bytes + *length, 1, capacity - *length, file);
    if (*length < capacity) break;
    capacity *= 2;
    bytes = script_require(realloc(bytes, capacity));
  }
  if (!ferror(file)) return bytes;
  free(bytes);
  return NULL;
}

char *script_read_bytes(const char *path, size_t *length, struct script_error *error)
{
  *error = (struct script_error){0};
  const bool is_standard = strcmp(path, "-") == 0;
  FILE *file = is_standard ? stdin : fopen(path, "rb");
  if (file == NULL && errno == ENOMEM) script_require(NULL);
  char *bytes = file != NULL ? read_all(file, length) : NULL;
  const int failure = errno;
  if (file != NULL && !is_standard) fclose(file);
  if (bytes == NULL) snprintf(error->message, sizeof error->message, "cannot be read: %s", strerror(failure));
  return bytes;
}

struct script *script_read(const char *bytes, size_t length, struct script_error *error)
{
  return script_is_packed(bytes, length) ? script_unpack(bytes, length, error) : script_parse(bytes, length, error);
}

struct script *script_read_file(const char *path, struct script_error *error)
{
  size_t length;
  char *bytes = script_read_bytes(path, &length, error);
  if (bytes == NULL) return NULL;
  struct script *script = script_read(bytes, length, error);
  free(bytes);
  return script;
}
