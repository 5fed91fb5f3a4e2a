/*
 * What the plan's files share: the schema, messages with places, quantities and sweeps.
 */
#ifndef GCLAB_HARNESS_PLAN_PLAN_INTERNAL_H
#define GCLAB_HARNESS_PLAN_PLAN_INTERNAL_H

#include <cyaml/cyaml.h>
#include <yaml.h>

#include "harness/plan/plan.h"

/* The plan as YAML has it.  libcyaml fills it in and writes it out by plan_schema. */
struct plan_yaml_group {
  char **collectors, **workloads, **set, **param, **allocators;
  unsigned collectors_count, workloads_count, set_count, param_count, allocators_count;
  char *size;
};

struct plan_yaml {
  char *name, *description, *budget, *time_limit, *memory_limit, *precision;
  uint32_t *blocks;
  uint64_t *seed;
  bool *pin, *aa, *floating;
  struct plan_yaml_group *matrix;
  unsigned matrix_count;
};

extern const cyaml_schema_value_t plan_schema;

/* What libcyaml allocates with: where there is no memory, the program ends (base/memory.h). */
void *plan_memory(void *context, void *memory, size_t bytes);

/* One of a group's lists of words, in both forms, by its key. */
struct plan_list_key {
  const char *key;
  size_t yaml_offset, yaml_count_offset; /* in struct plan_yaml_group */
  size_t words_offset;                   /* in struct plan_group */
};

enum { PLAN_LIST_KEYS = 5 };
extern const struct plan_list_key plan_list_keys[PLAN_LIST_KEYS];

/*
 * Holds the document against the schema and prints every fault with its place: unknown, repeated and missing keys with
 * the nearest valid one, and values of another type.  libcyaml would stop at the first, without a column.
 */
bool plan_check_document(const char *path, yaml_document_t *document);

/* The value of a key of a mapping; NULL. */
yaml_node_t *plan_node_value(yaml_document_t *document, const yaml_node_t *mapping, const char *key);

/* Where a scalar's text begins, behind a quote. */
void plan_node_place(const yaml_node_t *node, unsigned *line, unsigned *column);

/* Writes plan->text anew. */
bool plan_write_text(struct plan *plan);

/* Gives the cell the id of what it has; returns a hash of the same. */
uint64_t plan_cell_identify(struct plan_cell *cell);

/* A copy in memory of its own. */
int64_t *plan_copy_values(const int64_t *values, size_t count);

/* Prints one message: FILE:LINE:COLUMN or the option in front; offset is into the word's text. */
void plan_complain(const struct plan *plan, const struct plan_word *word, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void plan_note(const struct plan *plan, const struct plan_word *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "; did you mean NEAREST?" or "", in memory good until the next call. */
const char *plan_did_you_mean(const char *nearest);

void plan_words_add(struct plan_words *words, const struct plan_word *word);
void plan_words_clear(struct plan_words *words);
bool plan_words_copy_text(const struct plan_words *words, char ***texts, unsigned *count);

void quantity_format_duration(uint64_t ns, char *text); /* SETTING_TEXT_MAX bytes; read back exactly from 1 ms on */
void quantity_format_size(uint64_t bytes, char *text);

/* "OWNER.NAME=VALUES": where its parts are. */
struct sweep {
  char *owner; /* NULL: not qualified */
  char *name;
  size_t name_offset, values_offset; /* into the word */
  const struct plan_word *word;
  bool faulty; /* said already */
};

/* Takes the word apart.  What names the kind, "KNOB" or "NAME", for the message. */
bool sweep_parse(const struct plan *plan, const struct plan_word *word, const char *what, struct sweep *sweep);
void sweep_free(struct sweep *sweep);

struct sweep_values {
  int64_t *list; /* in the order of first mention, without repetition */
  size_t count;
};

/* Adds the sweep's values under the row: single ones, and ranges A..B/N with N points on the row's scale. */
bool sweep_read_values(const struct plan *plan, const struct sweep *sweep, const struct setting *row,
                       struct sweep_values *values);

/* Names of a group, resolved. */
struct plan_chosen {
  const void **list; /* struct catalogue_collector or struct catalogue_workload, without repetition */
  size_t count;
  size_t left_out; /* peers that are not built */
};

/* notes: say which peers are left out. */
bool plan_resolve_collectors(const struct plan *plan, const struct catalogue *catalogue, const struct plan_words *words,
                             bool notes, struct plan_chosen *chosen);
bool plan_resolve_workloads(const struct plan *plan, const struct catalogue *catalogue, const struct plan_words *words,
                            struct plan_chosen *chosen);
bool plan_chosen_has(const struct plan_chosen *chosen, const void *item);
void plan_chosen_add(struct plan_chosen *chosen, const void *item); /* unless it is there */
void plan_chosen_free(struct plan_chosen *chosen);

/*
 * Collectors and their knobs, or workloads and their parameters: the same to sweeps.
 */
struct plan_side {
  const char *owner_word, *setting_word; /* "collector", "knob" */
  const char *form;                      /* "KNOB" */
  const char *option;                    /* "--collector" */
  const char *(*name)(const void *owner);
  const struct setting *(*settings)(const void *owner, size_t *count);
  const void *(*find)(const struct catalogue *catalogue, const char *name);
  const char *(*nearest)(const struct catalogue *catalogue, const char *name);
};

extern const struct plan_side plan_side_collectors, plan_side_workloads;

/* The row of that name that the owner has, or NULL. */
const struct setting *plan_side_row(const struct plan_side *side, const void *owner, const char *name);

/* The nearest name among the settings of all owners, or NULL. */
const char *plan_side_nearest_row(const struct plan_side *side, const struct plan_chosen *owners, const char *name);

#endif
