#define _GNU_SOURCE
#include "harness/plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "harness/plan/plan_internal.h"

static const uint32_t default_blocks = 3;
static const uint64_t default_seed = 1;
static const uint64_t default_time_limit_ns = UINT64_C(60) * 1000000000u;
static const uint64_t default_memory_limit_bytes = UINT64_C(4) << 30;

struct plan *plan_new(const char *name)
{
  struct plan *plan = memory_require(calloc(1, sizeof *plan));
  plan->name = memory_require(strdup(name));
  plan->blocks = default_blocks;
  plan->seed = default_seed;
  plan->time_limit_ns = default_time_limit_ns;
  plan->memory_limit_bytes = default_memory_limit_bytes;
  plan->pin = true;
  plan->aa = true;
  return plan;
}

void plan_words_add(struct plan_words *words, const struct plan_word *word)
{
  words->list = memory_require(reallocarray(words->list, words->count + 1, sizeof *words->list));
  words->list[words->count] = *word;
  words->list[words->count++].text = memory_require(strdup(word->text));
}

void plan_words_clear(struct plan_words *words)
{
  for (unsigned i = 0; i < words->count; i++) free(words->list[i].text);
  free(words->list);
  *words = (struct plan_words){0};
}

void plan_words_add_option(struct plan_words *words, const char *option, const char *text, bool at_commas)
{
  char *copy = memory_require(strdup(text));
  char *rest = copy;
  for (char *part = NULL; (part = at_commas ? strsep(&rest, ",") : rest) != NULL;) {
    if (!at_commas) rest = NULL;
    if (*part != '\0') plan_words_add(words, &(struct plan_word){.text = part, .option = option});
  }
  free(copy);
}

bool plan_words_copy_text(const struct plan_words *words, char ***texts, unsigned *count)
{
  *count = words->count;
  *texts = NULL;
  if (words->count == 0) return true;
  *texts = memory_require(calloc(words->count, sizeof **texts));
  for (unsigned i = 0; i < words->count; i++) (*texts)[i] = words->list[i].text;
  return *texts != NULL;
}

void plan_free(struct plan *plan)
{
  if (plan == NULL) return;
  for (unsigned i = 0; i < plan->group_count; i++) {
    struct plan_group *group = &plan->groups[i];
    for (int k = 0; k < PLAN_LIST_KEYS; k++)
      plan_words_clear((struct plan_words *)((char *)group + plan_list_keys[k].words_offset));
    free(group->size.text);
  }
  free(plan->groups);
  free(plan->path);
  free(plan->name);
  free(plan->description);
  free(plan->text);
  free(plan);
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

static void print_place(const struct plan *plan, const struct plan_word *word, size_t offset)
{
  if (word->line > 0)
    fprintf(stderr, "%s:%u:%zu: ", plan->path, word->line, word->column + offset);
  else if (word->option != NULL)
    fprintf(stderr, "gclab: %s %s: ", word->option, word->text != NULL ? word->text : "");
  else
    fprintf(stderr, "%s: ", plan->path != NULL ? plan->path : "gclab");
}

void plan_complain(const struct plan *plan, const struct plan_word *word, size_t offset, const char *format, ...)
{
  va_list arguments;
  print_place(plan, word, offset);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

void plan_note(const struct plan *plan, const struct plan_word *word, const char *format, ...)
{
  va_list arguments;
  print_place(plan, word, 0);
  fputs("note: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

const char *plan_did_you_mean(const char *nearest)
{
  static char text[128];
  text[0] = '\0';
  if (nearest != NULL) snprintf(text, sizeof text, "; did you mean %s?", nearest);
  return text;
}

/* ---- canonical text ------------------------------------------------------------------------------------------- */

/* The plan in YAML's form.  Strings and words stay the plan's own. */
static void yaml_from_group(const struct plan_group *group, struct plan_yaml_group *yaml)
{
  for (int k = 0; k < PLAN_LIST_KEYS; k++) {
    const struct plan_list_key *key = &plan_list_keys[k];
    const struct plan_words *words = (const struct plan_words *)((const char *)group + key->words_offset);
    plan_words_copy_text(words, (char ***)((char *)yaml + key->yaml_offset),
                         (unsigned *)((char *)yaml + key->yaml_count_offset));
  }
  yaml->size = group->size.text;
}

static void free_yaml_group(struct plan_yaml_group *yaml)
{
  for (int k = 0; k < PLAN_LIST_KEYS; k++) free(*(char ***)((char *)yaml + plan_list_keys[k].yaml_offset));
}

void *plan_memory(void *context, void *memory, size_t bytes)
{
  void *changed = cyaml_mem(context, memory, bytes);
  return bytes > 0 ? memory_require(changed) : changed;
}

bool plan_write_text(struct plan *plan)
{
  static const cyaml_config_t config = {.mem_fn = plan_memory, .flags = CYAML_CFG_STYLE_BLOCK};
  char budget[SETTING_TEXT_MAX];
  char time_limit[SETTING_TEXT_MAX];
  char memory_limit[SETTING_TEXT_MAX];
  quantity_format_duration(plan->budget_ns, budget);
  quantity_format_duration(plan->time_limit_ns, time_limit);
  quantity_format_size(plan->memory_limit_bytes, memory_limit);
  char precision[SETTING_TEXT_MAX];
  snprintf(precision, sizeof precision, "%g%%", 100 * plan->precision);
  struct plan_yaml yaml = {.name = plan->name,
                           .description = plan->description,
                           .blocks = &plan->blocks,
                           .budget = budget,
                           .seed = &plan->seed,
                           .time_limit = time_limit,
                           .memory_limit = memory_limit,
                           .precision = plan->precision > 0 ? precision : NULL,
                           .pin = &plan->pin,
                           .aa = &plan->aa,
                           .floating = plan->floating ? &plan->floating : NULL,
                           .matrix = memory_require(calloc(plan->group_count, sizeof *yaml.matrix)),
                           .matrix_count = plan->group_count};
  for (unsigned i = 0; i < plan->group_count; i++) yaml_from_group(&plan->groups[i], &yaml.matrix[i]);
  char *text = NULL;
  size_t length = 0;
  const cyaml_err_t error = cyaml_save_data(&text, &length, &config, &plan_schema, &yaml, 0);
  for (unsigned i = 0; i < plan->group_count; i++) free_yaml_group(&yaml.matrix[i]);
  free(yaml.matrix);
  free(plan->text);
  plan->text = error == CYAML_OK ? memory_require(strndup(text, length)) : NULL;
  cyaml_mem(NULL, text, 0);
  if (error == CYAML_OK) return true;
  fprintf(stderr, "gclab: the plan cannot be written as YAML: %s\n", cyaml_strerror(error));
  return false;
}

/* ---- order ---------------------------------------------------------------------------------------------------- */

void plan_block_order(uint64_t seed, uint32_t block, size_t count, uint32_t *order)
{
  /* Mixing twice keeps (seed 1, block 2) and (seed 2, block 1) apart. */
  uint64_t state = seed;
  state = random_mix64(&state) ^ block;
  struct random random;
  random_seed(&random, random_mix64(&state));
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  for (size_t i = count; i > 1; i--) { /* Fisher and Yates */
    const uint32_t other = random_below(&random, (uint32_t)i);
    const uint32_t kept = order[i - 1];
    order[i - 1] = order[other];
    order[other] = kept;
  }
}
