#include "collectors/refcount_cyclic/python.h"

#include <stddef.h>

/* The trashcan: up to 3.12 of 50 levels; from 3.13 on of what a stack of 10,000 calls leaves, less 50, and less 100. */
#define TRASHCAN_OF_LEVELS    .trash_depth = 50, .trash_resume_depth = 0
#define TRASHCAN_OF_RECURSION .trash_counts_calls = true, .trash_depth = 10000 - 50, .trash_resume_depth = 10000 - 101

const struct python_profile python_profiles[PYTHON_PROFILES] = {
    {.name = "python3.11", .tracks_dicts_lazily = true, TRASHCAN_OF_LEVELS, .is_verified = true},
    {.name = "python3.12",
     .tracks_dicts_lazily = true,
     .waits_for_eval_breaker = true,
     TRASHCAN_OF_LEVELS,
     .is_verified = true},
    {.name = "python3.13",
     .tracks_dicts_lazily = true,
     .takes_tuples_of_20 = true,
     .always_has_callback_tuple = true,
     .waits_for_eval_breaker = true,
     TRASHCAN_OF_RECURSION,
     .is_verified = true},
    {.name = "python3.14",
     .takes_tuples_of_20 = true,
     .always_has_callback_tuple = true,
     .waits_for_eval_breaker = true,
     TRASHCAN_OF_RECURSION},
    {.name = "python3.15",
     .takes_tuples_of_20 = true,
     .always_has_callback_tuple = true,
     .waits_for_eval_breaker = true,
     .counts_tracked = true,
     TRASHCAN_OF_RECURSION},
};

const char *const python_profile_names[PYTHON_PROFILES + 1] = {"python3.11", "python3.12", "python3.13",
                                                               "python3.14", "python3.15", NULL};

/* The free list for such an object and its bound, or NULL. */
static uint32_t *find_list(struct python_free_lists *free_lists, enum gc_kind kind, uint32_t fields, uint32_t *bound)
{
  switch (kind) {
  case GC_LIST:
    *bound = PYTHON_PARKED_LISTS;
    return &free_lists->lists;
  case GC_DICT:
    *bound = PYTHON_PARKED_DICTS;
    return &free_lists->dicts;
  case GC_TUPLE:
    *bound = PYTHON_PARKED_TUPLES;
    return fields >= 1 && fields <= PYTHON_PARKED_TUPLE_SIZE ? &free_lists->tuples[fields] : NULL;
  case GC_INSTANCE:
  case GC_ATOM:
  case GC_WEAK:
    break;
  }
  return NULL;
}

bool python_free_lists_take(struct python_free_lists *free_lists, const struct python_profile *profile,
                            enum gc_kind kind, uint32_t fields)
{
  uint32_t bound = 0;
  uint32_t *parked = find_list(free_lists, kind, fields, &bound);
  if (parked == NULL || *parked == 0) return false;
  if (kind == GC_TUPLE && fields == PYTHON_PARKED_TUPLE_SIZE && !profile->takes_tuples_of_20) return false;
  --*parked;
  return true;
}

bool python_free_lists_park(struct python_free_lists *free_lists, enum gc_kind kind, uint32_t fields)
{
  uint32_t bound = 0;
  uint32_t *parked = find_list(free_lists, kind, fields, &bound);
  if (parked == NULL || *parked >= bound) return false;
  ++*parked;
  return true;
}

uint64_t python_free_lists_clear(struct python_free_lists *free_lists)
{
  uint64_t parked = (uint64_t)free_lists->lists + free_lists->dicts;
  for (uint32_t size = 1; size <= PYTHON_PARKED_TUPLE_SIZE; size++) parked += free_lists->tuples[size];
  *free_lists = (struct python_free_lists){.enabled = free_lists->enabled};
  return parked;
}
