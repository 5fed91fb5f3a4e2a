/* The plan's keys, once: libcyaml reads and writes by this table, and plan_check.c finds faults by it. */
#include <stddef.h>

#include "harness/plan/plan_internal.h"

static const cyaml_schema_value_t word_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

#define WORDS(key, flags)                                                                                              \
  CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | CYAML_FLAG_FLOW | (flags), struct plan_yaml_group, key,              \
                       &word_schema, 1, CYAML_UNLIMITED)

static const cyaml_schema_field_t group_fields[] = {
    WORDS(collectors, CYAML_FLAG_DEFAULT),
    WORDS(workloads, CYAML_FLAG_DEFAULT),
    WORDS(set, CYAML_FLAG_OPTIONAL),
    WORDS(param, CYAML_FLAG_OPTIONAL),
    WORDS(allocators, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_STRING_PTR("size", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml_group, size, 1,
                           CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t group_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct plan_yaml_group, group_fields)};

#define TEXT(key, flags)                                                                                               \
  CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | (flags), struct plan_yaml, key, 1, CYAML_UNLIMITED)

static const cyaml_schema_field_t plan_fields[] = {
    TEXT(name, CYAML_FLAG_DEFAULT),
    TEXT(description, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_UINT_PTR("blocks", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml, blocks),
    TEXT(budget, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_UINT_PTR("seed", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml, seed),
    TEXT(time_limit, CYAML_FLAG_OPTIONAL),
    TEXT(memory_limit, CYAML_FLAG_OPTIONAL),
    TEXT(precision, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_BOOL_PTR("pin", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml, pin),
    CYAML_FIELD_BOOL_PTR("aa", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml, aa),
    CYAML_FIELD_BOOL_PTR("floating", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct plan_yaml, floating),
    CYAML_FIELD_SEQUENCE("matrix", CYAML_FLAG_POINTER, struct plan_yaml, matrix, &group_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t plan_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct plan_yaml, plan_fields)};

#define LIST(key)                                                                                                      \
  {                                                                                                                    \
#key, offsetof(struct plan_yaml_group, key), offsetof(struct plan_yaml_group, key##_count),                        \
        offsetof(struct plan_group, key)                                                                               \
  }

const struct plan_list_key plan_list_keys[PLAN_LIST_KEYS] = {LIST(collectors), LIST(workloads), LIST(set), LIST(param),
                                                             LIST(allocators)};
