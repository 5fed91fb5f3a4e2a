/* A plan's file: libyaml tells places, libcyaml fills in the structure, and both go by the same schema. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

static const cyaml_config_t yaml_config = {.mem_fn = plan_memory, .flags = CYAML_CFG_DEFAULT};

static char *read_file(const char *path, size_t *length)
{
  enum { LONGEST = 1 << 20 };
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) {
    fprintf(stderr, "gclab: %s: %s\n", path, strerror(errno));
    return NULL;
  }
  char *text = memory_require(malloc(LONGEST + 1));
  *length = fread(text, 1, LONGEST + 1, file);
  const bool failed = ferror(file) != 0;
  fclose(file);
  if (!failed && *length <= LONGEST) return text;
  if (failed)
    fprintf(stderr, "gclab: %s cannot be read; is it a file?\n", path);
  else
    fprintf(stderr, "gclab: %s is longer than a megabyte; is it a plan?\n", path);
  free(text);
  return NULL;
}

static bool complain_of_parser(const char *path, const yaml_parser_t *parser)
{
  const yaml_mark_t *mark = &parser->problem_mark;
  const bool has_context = parser->context != NULL;
  fprintf(stderr, "%s:%zu:%zu: this is not YAML: %s%s%s\n", path, mark->line + 1, mark->column + 1,
          parser->problem != NULL ? parser->problem : "no reason known", has_context ? ", " : "",
          has_context ? parser->context : "");
  return false;
}

/* Parses the only document.  On true the document is the caller's to delete. */
static bool parse_document(const char *path, const char *text, size_t length, yaml_document_t *document)
{
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  bool parsed = yaml_parser_load(&parser, document) != 0;
  if (!parsed) {
    complain_of_parser(path, &parser);
  } else if (yaml_document_get_root_node(document) == NULL) {
    fprintf(stderr, "%s:1:1: the plan is empty\n", path);
    yaml_document_delete(document);
    parsed = false;
  } else {
    yaml_document_t second;
    const bool more = yaml_parser_load(&parser, &second) != 0;
    const yaml_node_t *root = more ? yaml_document_get_root_node(&second) : NULL;
    parsed = more ? root == NULL : complain_of_parser(path, &parser);
    if (root != NULL)
      fprintf(stderr, "%s:%zu:%zu: a second document; a plan's file has one\n", path, root->start_mark.line + 1,
              root->start_mark.column + 1);
    if (more) yaml_document_delete(&second);
    if (!parsed) yaml_document_delete(document);
  }
  yaml_parser_delete(&parser);
  return parsed;
}

/* ---- from YAML's form to the plan's, with places ----------------------------------------------------------------- */

struct reading {
  struct plan *plan;
  yaml_document_t *document;
  const yaml_node_t *root;
};

static struct plan_word place_of(const yaml_node_t *node)
{
  struct plan_word word = {0};
  plan_node_place(node, &word.line, &word.column);
  return word;
}

static void read_words(const struct reading *reading, const yaml_node_t *group_node, const char *key, char **texts,
                       unsigned count, struct plan_words *words)
{
  const yaml_node_t *list = plan_node_value(reading->document, group_node, key);
  for (unsigned i = 0; i < count; i++) {
    struct plan_word word = place_of(yaml_document_get_node(reading->document, list->data.sequence.items.start[i]));
    word.text = texts[i];
    plan_words_add(words, &word);
  }
}

static void read_group(const struct reading *reading, const yaml_node_t *node, const struct plan_yaml_group *yaml,
                       struct plan_group *group)
{
  for (int k = 0; k < PLAN_LIST_KEYS; k++) {
    const struct plan_list_key *key = &plan_list_keys[k];
    read_words(reading, node, key->key, *(char **const *)((const char *)yaml + key->yaml_offset),
               *(const unsigned *)((const char *)yaml + key->yaml_count_offset),
               (struct plan_words *)((char *)group + key->words_offset));
  }
  if (yaml->size == NULL) return;
  group->size = place_of(plan_node_value(reading->document, node, "size"));
  group->size.text = memory_require(strdup(yaml->size));
}

static bool is_in_range(const struct reading *reading, const char *key, bool in_range, const char *error)
{
  if (in_range) return true;
  const struct plan_word place = place_of(plan_node_value(reading->document, reading->root, key));
  plan_complain(reading->plan, &place, 0, "%s", error);
  return false;
}

static bool read_limits(const struct reading *reading, const struct plan_yaml *yaml)
{
  struct plan *plan = reading->plan;
  char error[SETTING_ERROR_MAX] = "blocks: 0 is out of range, 1 at least";
  bool good = true;
  if (yaml->blocks != NULL) {
    plan->blocks = *yaml->blocks;
    good &= is_in_range(reading, "blocks", plan->blocks > 0, error);
  }
  if (yaml->seed != NULL) plan->seed = *yaml->seed;
  if (yaml->pin != NULL) plan->pin = *yaml->pin;
  if (yaml->aa != NULL) plan->aa = *yaml->aa;
  if (yaml->floating != NULL) plan->floating = *yaml->floating;
  if (yaml->budget != NULL)
    good &= is_in_range(reading, "budget",
                        quantity_parse_duration("budget", yaml->budget, true, &plan->budget_ns, error), error);
  if (yaml->time_limit != NULL)
    good &=
        is_in_range(reading, "time_limit",
                    quantity_parse_duration("time_limit", yaml->time_limit, false, &plan->time_limit_ns, error), error);
  if (yaml->precision != NULL) {
    good &= is_in_range(reading, "precision",
                        quantity_parse_share("precision", yaml->precision, &plan->precision, error), error);
    if (yaml->blocks == NULL && plan->precision > 0) plan->blocks = PLAN_PRECISE_BLOCKS_MOST;
  }
  if (yaml->memory_limit != NULL)
    good &=
        is_in_range(reading, "memory_limit",
                    quantity_parse_size("memory_limit", yaml->memory_limit, &plan->memory_limit_bytes, error), error);
  return good;
}

static struct plan *read_plan(const char *path, yaml_document_t *document, const struct plan_yaml *yaml)
{
  struct plan *plan = plan_new(yaml->name);
  const struct reading reading = {plan, document, yaml_document_get_root_node(document)};
  plan->path = memory_require(strdup(path));
  if (yaml->description != NULL) plan->description = memory_require(strdup(yaml->description));
  plan->group_count = yaml->matrix_count;
  plan->groups = memory_require(calloc(plan->group_count, sizeof *plan->groups));
  const yaml_node_t *matrix = plan_node_value(document, reading.root, "matrix");
  for (unsigned i = 0; i < yaml->matrix_count; i++)
    read_group(&reading, yaml_document_get_node(document, matrix->data.sequence.items.start[i]), &yaml->matrix[i],
               &plan->groups[i]);
  if (read_limits(&reading, yaml) && plan_write_text(plan)) return plan;
  plan_free(plan);
  return NULL;
}

struct plan *plan_load_text(const char *path, const char *text, size_t length)
{
  struct plan *plan = NULL;
  yaml_document_t document;
  if (parse_document(path, text, length, &document)) {
    if (plan_check_document(path, &document)) {
      struct plan_yaml *yaml = NULL;
      const cyaml_err_t error =
          cyaml_load_data((const uint8_t *)text, length, &yaml_config, &plan_schema, (cyaml_data_t **)&yaml, NULL);
      if (error == CYAML_OK)
        plan = read_plan(path, &document, yaml);
      else
        fprintf(stderr, "%s:1:1: the plan cannot be read: %s\n", path, cyaml_strerror(error));
      cyaml_free(&yaml_config, &plan_schema, yaml, 0);
    }
    yaml_document_delete(&document);
  }
  return plan;
}

struct plan *plan_load(const char *path)
{
  size_t length = 0;
  char *text = read_file(path, &length);
  if (text == NULL) return NULL;
  struct plan *plan = plan_load_text(path, text, length);
  free(text);
  return plan;
}
