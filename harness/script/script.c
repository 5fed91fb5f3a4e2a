/* The tables of a script, and its invariants. */
#include "harness/script/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_words[] = {
#define ROW(code, word, form, help) word,
    SCRIPT_OPERATIONS(ROW)
#undef ROW
};

static const char *const code_forms[] = {
#define ROW(code, word, form, help) form,
    SCRIPT_OPERATIONS(ROW)
#undef ROW
};

static const char *const code_helps[] = {
#define ROW(code, word, form, help) help,
    SCRIPT_OPERATIONS(ROW)
#undef ROW
};

static const char *const quantity_words[] = {
#define ROW(quantity, word, argument, help) word,
    SCRIPT_QUANTITIES(ROW)
#undef ROW
};

static const char *const quantity_helps[] = {
#define ROW(quantity, word, argument, help) help,
    SCRIPT_QUANTITIES(ROW)
#undef ROW
};

static const enum script_argument quantity_arguments[] = {
#define ROW(quantity, word, argument, help) SCRIPT_##argument,
    SCRIPT_QUANTITIES(ROW)
#undef ROW
};

static const char *const relation_words[] = {"==", "!=", "<", "<=", ">", ">="};
static const char *const kind_words[] = {"instance", "list", "tuple", "dict", "atom", "weak"};

const char *script_code_word(enum script_code code) { return code_words[code]; }
const char *script_code_form(enum script_code code) { return code_forms[code]; }
const char *script_code_help(enum script_code code) { return code_helps[code]; }
const char *script_quantity_word(enum script_quantity quantity) { return quantity_words[quantity]; }
const char *script_quantity_help(enum script_quantity quantity) { return quantity_helps[quantity]; }
enum script_argument script_quantity_argument(enum script_quantity quantity) { return quantity_arguments[quantity]; }
const char *script_relation_word(enum script_relation relation) { return relation_words[relation]; }
const char *script_kind_word(enum gc_kind kind) { return kind_words[kind]; }

void *script_require(void *memory)
{
  if (memory != NULL) return memory;
  fputs("gclab: no memory for the script\n", stderr);
  exit(4);
}

/* Room for one more of so many bytes each. */
static void *grow(void *table, size_t count, size_t *capacity, size_t bytes)
{
  if (count < *capacity) return table;
  *capacity = *capacity == 0 ? 16 : 2 * *capacity;
  return script_require(reallocarray(table, *capacity, bytes));
}

struct script *script_new(void) { return script_require(calloc(1, sizeof(struct script))); }

static void free_strings(char **strings, size_t count)
{
  for (size_t i = 0; i < count; i++) free(strings[i]);
  free(strings);
}

void script_free(struct script *script)
{
  if (script == NULL) return;
  free(script->ops);
  free(script->operands);
  free_strings(script->names, script->name_count);
  free(script->name_index);
  free(script->roots);
  free(script->classes);
  free(script->field_names);
  free(script->actions);
  free_strings(script->texts, script->text_count);
  free(script);
}

static uint64_t hash_of(const char *name)
{
  uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
  return hash ^ hash >> 29;
}

/* Where the name is in the index, or the empty place where it belongs. */
static size_t locate(const struct script *script, const char *name)
{
  const size_t mask = script->name_index_capacity - 1;
  size_t i = hash_of(name) & mask;
  while (script->name_index[i] != 0 && strcmp(script->names[script->name_index[i] - 1], name) != 0) i = (i + 1) & mask;
  return i;
}

/* Room for one more than there are. */
static void index_again(struct script *script)
{
  while (2 * (script->name_count + 1) > script->name_index_capacity)
    script->name_index_capacity = script->name_index_capacity == 0 ? 64 : 2 * script->name_index_capacity;
  free(script->name_index);
  script->name_index = script_require(calloc(script->name_index_capacity, sizeof *script->name_index));
  for (size_t i = 0; i < script->name_count; i++)
    script->name_index[locate(script, script->names[i])] = (uint32_t)i + 1;
}

void script_set_names(struct script *script, char **names, size_t count, size_t capacity)
{
  script->names = names;
  script->name_count = count;
  script->name_capacity = capacity;
  index_again(script);
}

uint32_t script_name(struct script *script, const char *name)
{
  if (2 * (script->name_count + 1) > script->name_index_capacity) index_again(script);
  const size_t place = locate(script, name);
  if (script->name_index[place] != 0) return script->name_index[place] - 1;
  script->names = grow(script->names, script->name_count, &script->name_capacity, sizeof *script->names);
  script->names[script->name_count++] = script_require(strdup(name));
  script->name_index[place] = (uint32_t)script->name_count;
  return (uint32_t)script->name_count - 1;
}

uint32_t script_root(struct script *script, uint32_t name)
{
  for (size_t i = 0; i < script->root_count && name != SCRIPT_NOBODY; i++) {
    if (script->roots[i] == name) return (uint32_t)i;
  }
  script->roots = grow(script->roots, script->root_count, &script->root_capacity, sizeof *script->roots);
  script->roots[script->root_count++] = name;
  return (uint32_t)script->root_count - 1;
}

uint32_t script_action_named(struct script *script, uint32_t name)
{
  for (size_t i = 0; i < script->action_count && name != SCRIPT_NOBODY; i++) {
    if (script->actions[i].name == name) return (uint32_t)i;
  }
  script->actions = grow(script->actions, script->action_count, &script->action_capacity, sizeof *script->actions);
  script->actions[script->action_count++] = (struct script_action){.name = name, .position = SCRIPT_NOBODY};
  return (uint32_t)script->action_count - 1;
}

uint32_t script_text(struct script *script, const char *text)
{
  script->texts = grow(script->texts, script->text_count, &script->text_capacity, sizeof *script->texts);
  script->texts[script->text_count++] = script_require(strdup(text));
  return (uint32_t)script->text_count - 1;
}

uint32_t script_add_class(struct script *script, struct script_class class)
{
  script->classes = grow(script->classes, script->class_count, &script->class_capacity, sizeof *script->classes);
  script->classes[script->class_count++] = class;
  return (uint32_t)script->class_count - 1;
}

uint32_t script_add_field_name(struct script *script, uint32_t name)
{
  script->field_names =
      grow(script->field_names, script->field_name_count, &script->field_name_capacity, sizeof *script->field_names);
  script->field_names[script->field_name_count++] = name;
  return (uint32_t)script->field_name_count - 1;
}

uint32_t script_add_operand(struct script *script, struct script_operand operand)
{
  script->operands = grow(script->operands, script->operand_count, &script->operand_capacity, sizeof *script->operands);
  script->operands[script->operand_count++] = operand;
  return (uint32_t)script->operand_count - 1;
}

size_t script_add_op(struct script *script, struct script_op op)
{
  script->ops = grow(script->ops, script->op_count, &script->op_capacity, sizeof *script->ops);
  script->ops[script->op_count++] = op;
  return script->op_count - 1;
}

struct script_op script_op_empty(enum script_code code)
{
  return (struct script_op){.code = (uint8_t)code, .action = SCRIPT_NOBODY, .type = SCRIPT_NOBODY};
}

uint32_t script_class_find(const struct script *script, uint32_t name)
{
  for (size_t i = 0; i < script->class_count; i++) {
    if (script->classes[i].name == name) return (uint32_t)i;
  }
  return SCRIPT_NOBODY;
}
