/* Groups to cells: the product of what is chosen with every value of every sweep. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "harness/plan/plan_internal.h"

#ifndef PLAN_CELLS_MAX /* the fuzzer's build has less */
#define PLAN_CELLS_MAX 100000
#endif

enum { CELLS_MAX = PLAN_CELLS_MAX, TRIALS_MAX = 1000000 };

/* The first of malloc's is the usual one. */
static const char *const allocator_names[] = {"jemalloc", "glibc", "mimalloc", "tcmalloc", "blocks"};
enum { ALLOCATORS = sizeof allocator_names / sizeof allocator_names[0] };

struct sweeps {
  struct sweep *list;
  unsigned count;
};

/* The values that each row of one owner takes. */
struct axes {
  const void *owner;
  struct sweep_values *rows;
  size_t count;
  uint64_t points; /* product of the counts, at most CELLS_MAX + 1 */
};

struct expansion {
  const struct plan *plan;
  const struct catalogue *catalogue;
  struct plan_cells *cells;
  size_t room;
  uint32_t *table; /* open addressing by id: cell + 1, or 0 */
  size_t table_size;
};

/* A group while it is expanded. */
struct group_state {
  const struct plan_group *group;
  struct plan_chosen collectors, workloads;
  struct sweeps set, param;
  struct plan_chosen programs;        /* of the collectors, those that run on one of the allocators: variants too */
  const char *allocators[ALLOCATORS]; /* none given: each collector's usual one */
  size_t allocator_count;
  enum setting_size size;
};

/* What a program is run on: the allocators of the group that it can have. */
struct allocators {
  const char *list[ALLOCATORS];
  size_t count;
};

/* ---- what sweeps mean ------------------------------------------------------------------------------------------- */

static bool check_qualified(const struct expansion *expansion, const struct plan_side *side,
                            const struct plan_chosen *chosen, const struct sweep *sweep)
{
  const void *owner = side->find(expansion->catalogue, sweep->owner);
  if (owner == NULL) {
    if (side == &plan_side_collectors && catalogue_missing(expansion->catalogue, sweep->owner) != NULL) return true;
    plan_complain(expansion->plan, sweep->word, 0, "there is no %s '%s'%s", side->owner_word, sweep->owner,
                  plan_did_you_mean(side->nearest(expansion->catalogue, sweep->owner)));
    return false;
  }
  if (!plan_chosen_has(chosen, owner)) {
    plan_complain(expansion->plan, sweep->word, 0, "%s is not among the %ss here", sweep->owner, side->owner_word);
    return false;
  }
  if (plan_side_row(side, owner, sweep->name) != NULL) return true;
  const struct plan_chosen only = {.list = &owner, .count = 1};
  plan_complain(expansion->plan, sweep->word, sweep->name_offset, "%s has no %s '%s'%s", sweep->owner,
                side->setting_word, sweep->name, plan_did_you_mean(plan_side_nearest_row(side, &only, sweep->name)));
  return false;
}

static bool check_unqualified(const struct expansion *expansion, const struct plan_side *side,
                              const struct plan_chosen *chosen, const struct sweep *sweep)
{
  for (size_t i = 0; i < chosen->count; i++) {
    if (plan_side_row(side, chosen->list[i], sweep->name) != NULL) return true;
  }
  const char *nearest = plan_side_nearest_row(side, chosen, sweep->name);
  if (chosen->left_out > 0 && nearest == NULL) return true; /* may be a knob of a peer that is not here */
  plan_complain(expansion->plan, sweep->word, sweep->name_offset, "no %s here has a %s '%s'%s", side->owner_word,
                side->setting_word, sweep->name, plan_did_you_mean(nearest));
  return false;
}

/* programs: what has the settings; of collectors, not only those that are chosen but their variants. */
static bool read_sweeps(const struct expansion *expansion, const struct plan_side *side,
                        const struct plan_chosen *chosen, const struct plan_chosen *programs,
                        const struct plan_words *words, struct sweeps *sweeps)
{
  bool good = true;
  sweeps->list = memory_require(calloc(words->count + 1, sizeof *sweeps->list));
  for (unsigned i = 0; i < words->count; i++) {
    struct sweep *sweep = &sweeps->list[sweeps->count];
    if (!sweep_parse(expansion->plan, &words->list[i], side->form, sweep)) {
      good = false;
      continue;
    }
    sweeps->count++;
    good &= sweep->owner != NULL ? check_qualified(expansion, side, chosen, sweep)
                                 : check_unqualified(expansion, side, programs, sweep);
  }
  return good;
}

static void free_sweeps(struct sweeps *sweeps)
{
  for (unsigned i = 0; i < sweeps->count; i++) sweep_free(&sweeps->list[i]);
  free(sweeps->list);
}

static bool is_for(const struct sweep *sweep, const char *owner, const char *name, bool qualified)
{
  if ((sweep->owner != NULL) != qualified || strcmp(sweep->name, name) != 0) return false;
  return !qualified || strcmp(sweep->owner, owner) == 0;
}

/* Qualified sweeps come before unqualified ones; several of one kind add up. */
static bool read_axis(const struct expansion *expansion, struct sweeps *sweeps, const char *owner,
                      const struct setting *row, struct sweep_values *values)
{
  bool good = true;
  for (int qualified = 1; qualified >= 0 && values->count == 0 && good; qualified--) {
    for (unsigned i = 0; i < sweeps->count; i++) {
      struct sweep *sweep = &sweeps->list[i];
      if (!is_for(sweep, owner, row->name, qualified != 0)) continue;
      if (!sweep->faulty) sweep->faulty = !sweep_read_values(expansion->plan, sweep, row, values);
      good &= !sweep->faulty;
    }
  }
  return good;
}

static bool read_axes(const struct expansion *expansion, const struct plan_side *side, struct sweeps *sweeps,
                      const void *owner, enum setting_size size, struct axes *axes)
{
  bool good = true;
  const struct setting *settings = side->settings(owner, &axes->count);
  axes->owner = owner;
  axes->rows = memory_require(calloc(axes->count + 1, sizeof *axes->rows));
  axes->points = 1;
  for (size_t i = 0; i < axes->count; i++) {
    struct sweep_values *values = &axes->rows[i];
    good &= read_axis(expansion, sweeps, side->name(owner), &settings[i], values);
    if (values->count == 0) {
      values->list = memory_require(malloc(sizeof *values->list));
      values->list[0] = setting_at_size(&settings[i], size);
      values->count = 1;
    }
    axes->points = axes->points * values->count > CELLS_MAX ? CELLS_MAX + 1 : axes->points * values->count;
  }
  return good;
}

static struct axes *read_all_axes(const struct expansion *expansion, const struct plan_side *side,
                                  const struct plan_chosen *chosen, struct sweeps *sweeps, enum setting_size size,
                                  bool *good)
{
  struct axes *axes = memory_require(calloc(chosen->count + 1, sizeof *axes));
  for (size_t i = 0; i < chosen->count; i++)
    *good &= read_axes(expansion, side, sweeps, chosen->list[i], size, &axes[i]);
  return axes;
}

static void free_axes(struct axes *axes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < axes[i].count; k++) free(axes[i].rows[k].list);
    free(axes[i].rows);
  }
  free(axes);
}

/* Point number `index` of the product, the last row varying fastest. */
static void take_point(const struct axes *axes, uint64_t index, int64_t *values)
{
  for (size_t row = axes->count; row-- > 0;) {
    values[row] = axes->rows[row].list[index % axes->rows[row].count];
    index /= axes->rows[row].count;
  }
}

/* ---- allocators ------------------------------------------------------------------------------------------------- */

static struct allocators allocators_of(const struct group_state *state, const struct catalogue_collector *program)
{
  static const char *const own = "own";
  const char *memory = catalogue_collector_memory(program);
  const bool uses_malloc = strcmp(memory, "malloc") == 0;
  struct allocators allocators = {{0}, 0};
  if (strcmp(memory, own) == 0) {
    allocators.list[allocators.count++] = own;
  } else if (state->allocator_count == 0 && !catalogue_collector_can(program, "variant")) {
    allocators.list[allocators.count++] = allocator_names[uses_malloc ? 0 : ALLOCATORS - 1];
  }
  for (size_t i = 0; i < state->allocator_count; i++) {
    const bool is_blocks = state->allocators[i] == allocator_names[ALLOCATORS - 1];
    if (strcmp(memory, own) != 0 && is_blocks != uses_malloc)
      allocators.list[allocators.count++] = state->allocators[i];
  }
  return allocators;
}

/* The programs of the chosen collectors that run on one of the allocators. */
static void choose_programs(const struct expansion *expansion, struct group_state *state, bool notes)
{
  const struct catalogue *catalogue = expansion->catalogue;
  for (size_t i = 0; i < state->collectors.count; i++) {
    const struct catalogue_collector *collector = state->collectors.list[i];
    const size_t before = state->programs.count;
    if (allocators_of(state, collector).count > 0) plan_chosen_add(&state->programs, collector);
    for (size_t k = catalogue->collector_count; k < catalogue->program_count; k++) {
      const struct catalogue_collector *variant = &catalogue->collectors[k];
      if (strcmp(variant->name, collector->name) == 0 && allocators_of(state, variant).count > 0)
        plan_chosen_add(&state->programs, variant);
    }
    if (notes && state->programs.count == before)
      plan_note(expansion->plan, &state->group->allocators.list[0],
                "%s is left out, for it is not made for any of these allocators", collector->name);
  }
}

/* ---- cells ---------------------------------------------------------------------------------------------------- */

static void hash_settings(XXH3_state_t *state, const char *kind, const struct setting *settings, size_t count,
                          const int64_t *values)
{
  for (size_t i = 0; i < count; i++) {
    char text[256];
    const int length = snprintf(text, sizeof text, "%s %s=%" PRId64 "\n", kind, settings[i].name, values[i]);
    XXH3_128bits_update(state, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
  }
}

/* The canonical text that is hashed is this function: one line for everything that determines a cell. */
uint64_t plan_cell_identify(struct plan_cell *cell)
{
  XXH3_state_t *state = XXH3_createState();
  char text[512];
  XXH3_128bits_reset(state);
  const int length =
      snprintf(text, sizeof text, "gclab-cell-1\ncollector %s\nbuild %s\nworkload %s\nsize %s\nallocator %s\n",
               cell->collector->name, cell->collector->build_id, cell->workload->name, setting_size_names[cell->size],
               cell->allocator);
  XXH3_128bits_update(state, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
  hash_settings(state, "set", cell->collector->knobs, cell->collector->knob_count, cell->knobs);
  hash_settings(state, "param", cell->workload->parameters, cell->workload->parameter_count, cell->parameters);
  const XXH128_hash_t digest = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  snprintf(cell->id, sizeof cell->id, "%016" PRIx64 "%016" PRIx64, (uint64_t)digest.high64, (uint64_t)digest.low64);
  return digest.low64;
}

/* Keeps the cell unless the same one is there. */
static void add_cell(struct expansion *expansion, struct plan_cell *cell)
{
  struct plan_cells *cells = expansion->cells;
  size_t slot = (size_t)plan_cell_identify(cell) & (expansion->table_size - 1);
  for (; expansion->table[slot] != 0; slot = (slot + 1) & (expansion->table_size - 1)) {
    if (strcmp(cells->cells[expansion->table[slot] - 1].id, cell->id) != 0) continue;
    free(cell->knobs);
    free(cell->parameters);
    return;
  }
  if (cells->count == expansion->room) {
    expansion->room = expansion->room == 0 ? 64 : 2 * expansion->room;
    cells->cells = memory_require(reallocarray(cells->cells, expansion->room, sizeof *cells->cells));
  }
  cells->cells[cells->count++] = *cell;
  expansion->table[slot] = (uint32_t)cells->count;
}

static void add_cells(struct expansion *expansion, const struct group_state *state, const struct axes *knobs,
                      const struct axes *parameters)
{
  const struct allocators allocators = allocators_of(state, knobs->owner);
  for (uint64_t i = 0; i < knobs->points * parameters->points * allocators.count; i++) {
    struct plan_cell cell = {.collector = knobs->owner,
                             .workload = parameters->owner,
                             .knobs = memory_require(calloc(knobs->count + 1, sizeof *cell.knobs)),
                             .parameters = memory_require(calloc(parameters->count + 1, sizeof *cell.parameters)),
                             .allocator = allocators.list[i % allocators.count],
                             .size = state->size};
    take_point(knobs, i / allocators.count / parameters->points, cell.knobs);
    take_point(parameters, i / allocators.count % parameters->points, cell.parameters);
    add_cell(expansion, &cell);
  }
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

static bool read_size(const struct expansion *expansion, struct group_state *state)
{
  const struct plan_word *size = &state->group->size;
  state->size = SETTING_SIZE_DEFAULT;
  if (size->text == NULL || setting_size_parse(size->text, &state->size)) return true;
  plan_complain(expansion->plan, size, 0, "size: '%s' is none of default, small and large%s", size->text,
                plan_did_you_mean(setting_nearest(size->text, setting_size_names, SETTING_SIZES)));
  return false;
}

static void add_allocator(struct group_state *state, const char *name)
{
  for (size_t i = 0; i < state->allocator_count; i++) {
    if (state->allocators[i] == name) return;
  }
  state->allocators[state->allocator_count++] = name;
}

static bool read_allocators(const struct expansion *expansion, struct group_state *state)
{
  bool good = true;
  for (unsigned i = 0; i < state->group->allocators.count; i++) {
    const struct plan_word *word = &state->group->allocators.list[i];
    const bool all = strcmp(word->text, "all") == 0;
    bool found = all;
    for (size_t k = 0; k < ALLOCATORS; k++) {
      if (!all && strcmp(word->text, allocator_names[k]) != 0) continue;
      add_allocator(state, allocator_names[k]);
      found = true;
    }
    if (found) continue;
    const char *nearest = setting_nearest(word->text, allocator_names, ALLOCATORS);
    plan_complain(expansion->plan, word, 0, "there is no allocator '%s'%s", word->text,
                  nearest != NULL ? plan_did_you_mean(nearest)
                                  : "; there are jemalloc, glibc, mimalloc, tcmalloc and blocks");
    good = false;
  }
  return good;
}

static bool multiply(struct expansion *expansion, struct group_state *state)
{
  bool good = true;
  struct axes *knobs =
      read_all_axes(expansion, &plan_side_collectors, &state->programs, &state->set, SETTING_SIZE_DEFAULT, &good);
  struct axes *parameters =
      read_all_axes(expansion, &plan_side_workloads, &state->workloads, &state->param, state->size, &good);
  uint64_t points = 0;
  for (size_t i = 0; i < state->programs.count; i++) {
    const size_t allocators = allocators_of(state, state->programs.list[i]).count;
    for (size_t k = 0; k < state->workloads.count; k++) points += knobs[i].points * parameters[k].points * allocators;
  }
  if (good && points + expansion->cells->count > CELLS_MAX) {
    plan_complain(expansion->plan, &state->group->collectors.list[0], 0,
                  "the matrix has more than %d cells; sweep fewer values", CELLS_MAX);
    good = false;
  }
  for (size_t i = 0; good && i < state->programs.count; i++) {
    for (size_t k = 0; k < state->workloads.count; k++) add_cells(expansion, state, &knobs[i], &parameters[k]);
  }
  free_axes(knobs, state->programs.count);
  free_axes(parameters, state->workloads.count);
  return good;
}

static bool expand_group(struct expansion *expansion, const struct plan_group *group, bool notes)
{
  struct group_state state = {.group = group};
  bool good =
      plan_resolve_collectors(expansion->plan, expansion->catalogue, &group->collectors, notes, &state.collectors);
  good &= plan_resolve_workloads(expansion->plan, expansion->catalogue, &group->workloads, &state.workloads);
  good &= read_size(expansion, &state);
  good &= read_allocators(expansion, &state);
  /* Sweeps are told by their owners, so these must be right first. */
  if (good) choose_programs(expansion, &state, notes);
  if (good && state.programs.count > 0) {
    good &= read_sweeps(expansion, &plan_side_collectors, &state.collectors, &state.programs, &group->set, &state.set);
    good &=
        read_sweeps(expansion, &plan_side_workloads, &state.workloads, &state.workloads, &group->param, &state.param);
    good = good && multiply(expansion, &state);
  }
  free_sweeps(&state.set);
  free_sweeps(&state.param);
  plan_chosen_free(&state.collectors);
  plan_chosen_free(&state.programs);
  plan_chosen_free(&state.workloads);
  return good;
}

static bool expand(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells, bool notes)
{
  struct expansion expansion = {.plan = plan, .catalogue = catalogue, .cells = cells, .table_size = 1u << 18};
  bool good = true;
  *cells = (struct plan_cells){0};
  expansion.table = memory_require(calloc(expansion.table_size, sizeof *expansion.table));
  for (unsigned i = 0; i < plan->group_count; i++) good &= expand_group(&expansion, &plan->groups[i], notes);
  free(expansion.table);
  if (good && cells->count == 0) {
    fprintf(stderr, "%s: the plan has no cells: none of its collectors is built\n",
            plan->path != NULL ? plan->path : "gclab");
    good = false;
  }
  if (good && (uint64_t)cells->count * plan->blocks > TRIALS_MAX) {
    fprintf(stderr, "%s: %zu cells in %" PRIu32 " blocks are more than %d trials: take fewer blocks or values\n",
            plan->path != NULL ? plan->path : "gclab", cells->count, plan->blocks, TRIALS_MAX);
    good = false;
  }
  if (!good) plan_cells_free(cells);
  return good;
}

bool plan_expand(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells)
{
  return expand(plan, catalogue, cells, true);
}

bool plan_expand_quietly(const struct plan *plan, const struct catalogue *catalogue, struct plan_cells *cells)
{
  return expand(plan, catalogue, cells, false);
}

void plan_cells_free(struct plan_cells *cells)
{
  for (size_t i = 0; i < cells->count; i++) {
    free(cells->cells[i].knobs);
    free(cells->cells[i].parameters);
  }
  free(cells->cells);
  *cells = (struct plan_cells){0};
}
