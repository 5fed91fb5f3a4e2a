/* The document against the schema, with the place of each fault. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/plan/plan_internal.h"

enum { KEYS_MAX = 32 };

struct check {
  const char *path;
  yaml_document_t *document;
  unsigned faults;
};

static void fault(struct check *check, const yaml_mark_t *mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct check *check, const yaml_mark_t *mark, const char *format, ...)
{
  va_list arguments;
  fprintf(stderr, "%s:%zu:%zu: ", check->path, mark->line + 1, mark->column + 1);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  check->faults++;
}

static const char *text_of(const yaml_node_t *node) { return (const char *)node->data.scalar.value; }

static const char *type_of(const yaml_node_t *node)
{
  if (node->type == YAML_MAPPING_NODE) return "a mapping";
  return node->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

void plan_node_place(const yaml_node_t *node, unsigned *line, unsigned *column)
{
  const bool quoted = node->type == YAML_SCALAR_NODE && (node->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                                                         node->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  *line = (unsigned)node->start_mark.line + 1;
  *column = (unsigned)node->start_mark.column + 1 + (quoted ? 1 : 0);
}

yaml_node_t *plan_node_value(yaml_document_t *document, const yaml_node_t *mapping, const char *key)
{
  for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
       pair++) {
    const yaml_node_t *name = yaml_document_get_node(document, pair->key);
    if (name->type == YAML_SCALAR_NODE && strcmp(text_of(name), key) == 0)
      return yaml_document_get_node(document, pair->value);
  }
  return NULL;
}

static void check_value(struct check *check, const yaml_node_t *node, const cyaml_schema_value_t *schema,
                        const char *key);

static void check_unknown_key(struct check *check, const yaml_node_t *name, const cyaml_schema_field_t *fields)
{
  const char *names[KEYS_MAX] = {NULL};
  size_t count = 0;
  for (; fields[count].key != NULL && count < KEYS_MAX; count++) names[count] = fields[count].key;
  const char *nearest = setting_nearest(text_of(name), names, count);
  if (nearest != NULL) {
    fault(check, &name->start_mark, "unknown key '%s'; did you mean %s?", text_of(name), nearest);
    return;
  }
  char list[256] = "";
  for (size_t i = 0, used = 0; i < count && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", names[i]);
  fault(check, &name->start_mark, "unknown key '%s'; keys here are %s", text_of(name), list);
}

static void check_mapping(struct check *check, const yaml_node_t *node, const cyaml_schema_field_t *fields,
                          const char *key)
{
  bool seen[KEYS_MAX] = {false};
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *name = yaml_document_get_node(check->document, pair->key);
    if (name->type != YAML_SCALAR_NODE) {
      fault(check, &name->start_mark, "a key must be a word, not %s", type_of(name));
      continue;
    }
    size_t row = 0;
    while (fields[row].key != NULL && strcmp(fields[row].key, text_of(name)) != 0) row++;
    if (fields[row].key == NULL) {
      check_unknown_key(check, name, fields);
      continue;
    }
    if (seen[row]) fault(check, &name->start_mark, "key '%s' is given twice", text_of(name));
    seen[row] = true;
    check_value(check, yaml_document_get_node(check->document, pair->value), &fields[row].value, fields[row].key);
  }
  for (size_t row = 0; fields[row].key != NULL; row++) {
    if (!seen[row] && (fields[row].value.flags & CYAML_FLAG_OPTIONAL) == 0)
      fault(check, &node->start_mark, "%s has no '%s'", key, fields[row].key);
  }
}

static void check_sequence(struct check *check, const yaml_node_t *node, const cyaml_schema_value_t *schema,
                           const char *key)
{
  if (node->data.sequence.items.start == node->data.sequence.items.top)
    fault(check, &node->start_mark, "%s is an empty list", key);
  const char *name = schema->sequence.entry->type == CYAML_MAPPING ? "this group of the matrix" : key;
  for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
    check_value(check, yaml_document_get_node(check->document, *item), schema->sequence.entry, name);
}

static void check_scalar(struct check *check, const yaml_node_t *node, const cyaml_schema_value_t *schema,
                         const char *key)
{
  static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off"};
  char error[SETTING_ERROR_MAX];
  uint64_t number = 0;
  const char *text = text_of(node);
  if (*text == '\0') {
    fault(check, &node->start_mark, "%s is empty", key);
  } else if (schema->type == CYAML_UINT) {
    const uint64_t maximum = schema->data_size == sizeof(uint32_t) ? UINT32_MAX : INT64_MAX;
    if (!quantity_parse_number(key, text, 0, maximum, &number, error))
      fault(check, &node->start_mark, "%s", error);
    else if (text[0] == '0' && text[1] != '\0') /* libcyaml would take it for an octal number */
      fault(check, &node->start_mark, "%s: write %s without the 0 in front", key, text);
  } else if (schema->type == CYAML_BOOL) {
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++) {
      if (strcmp(text, booleans[i]) == 0) return;
    }
    fault(check, &node->start_mark, "%s: '%.40s' is neither true nor false", key, text);
  }
}

static void check_value(struct check *check, const yaml_node_t *node, const cyaml_schema_value_t *schema,
                        const char *key)
{
  if (schema->type == CYAML_MAPPING) {
    if (node->type == YAML_MAPPING_NODE)
      check_mapping(check, node, schema->mapping.fields, key);
    else
      fault(check, &node->start_mark, "%s takes KEY: VALUE lines, not %s", key, type_of(node));
  } else if (schema->type == CYAML_SEQUENCE) {
    if (node->type == YAML_SEQUENCE_NODE)
      check_sequence(check, node, schema, key);
    else
      fault(check, &node->start_mark, "%s takes a list such as [a, b], not %s", key, type_of(node));
  } else if (node->type == YAML_SCALAR_NODE) {
    check_scalar(check, node, schema, key);
  } else {
    fault(check, &node->start_mark, "%s takes a single value, not %s", key, type_of(node));
  }
}

bool plan_check_document(const char *path, yaml_document_t *document)
{
  struct check check = {.path = path, .document = document};
  check_value(&check, yaml_document_get_root_node(document), &plan_schema, "the plan");
  return check.faults == 0;
}
