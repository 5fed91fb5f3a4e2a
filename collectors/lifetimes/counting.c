/*
 * What reference counting would have made of the dead.
 *
 * Each object's count is what a counting collector would have for it.  The dead whose count is 0 it would have freed,
 * and then what falls to 0 of that.  The others are in dead cycles or kept by one; it would never free them, so their
 * references go on counting after they are gone here: an object that a leaked cycle refers to is kept, too, when its
 * last other reference goes.  Which are in cycles themselves, strongly connected components tell (Tarjan, Depth-first
 * search and linear graph algorithms, 1972), here without recursion.
 */
#include "collectors/lifetimes/lifetimes.h"

static bool is_kept(const struct record *record) { return (record->flags & (RECORD_MARKED | RECORD_COUNTED)) == 0; }

/* spare[] is the worklist. */
static void free_counted(struct lifetimes *lt, struct record *first)
{
  struct record **worklist = (struct record **)(void *)lt->spare;
  uint64_t waiting = 0;
  first->flags |= RECORD_COUNTED;
  worklist[waiting++] = first;
  while (waiting > 0) {
    struct record *record = worklist[--waiting];
    const gc_ref *field = fields_of(record);
    for (uint32_t i = 0; i < record->fields; i++) {
      if (field[i] == NULL) continue;
      struct record *child = record_of(field[i]);
      if (--child->count != 0 || !is_kept(child)) continue;
      child->flags |= RECORD_COUNTED;
      worklist[waiting++] = child;
    }
  }
}

/* The search for components: numbers are in scratch, from 1 on; lowest[] is by number. */
struct search {
  struct record **open; /* visited, and in no component yet: at most one an object, in the lower half of dated[] */
  uint64_t open_count;
  uint32_t *lowest; /* in its upper half */
  uint32_t visited;
  struct walk *path; /* in spare[] */
  uint64_t path_length;
};

static void visit(struct search *search, struct record *record)
{
  record->scratch = ++search->visited;
  search->lowest[record->scratch - 1] = record->scratch;
  record->flags |= RECORD_ON_STACK;
  search->open[search->open_count++] = record;
  search->path[search->path_length++] = (struct walk){.record = record};
}

static void lower(const struct search *search, const struct record *record, uint32_t number)
{
  uint32_t *lowest = &search->lowest[record->scratch - 1];
  if (number < *lowest) *lowest = number;
}

/* Goes on from the object at the path's end: to a child not yet visited (true), or through all fields. */
static bool descend(struct search *search)
{
  struct walk *walk = &search->path[search->path_length - 1];
  struct record *record = walk->record;
  while (walk->field < record->fields) {
    const gc_ref object = fields_of(record)[walk->field++];
    if (object == NULL || !is_kept(record_of(object))) continue;
    struct record *child = record_of(object);
    if (child == record) record->flags |= RECORD_SELF;
    if (child->scratch == 0) {
      visit(search, child);
      return true;
    }
    if ((child->flags & RECORD_ON_STACK) != 0) lower(search, record, child->scratch);
  }
  return false;
}

/* The object is the first of its component that was visited: the rest lies above it. */
static void close_component(struct search *search, const struct record *first)
{
  const bool is_single = search->open[search->open_count - 1] == first;
  const bool is_cycle = !is_single || (first->flags & RECORD_SELF) != 0;
  struct record *record = NULL;
  do {
    record = search->open[--search->open_count];
    record->flags &= (uint8_t)~RECORD_ON_STACK;
    if (is_cycle) record->flags |= RECORD_IN_CYCLE;
  } while (record != first);
}

static void search_from(struct search *search, struct record *first)
{
  visit(search, first);
  while (search->path_length > 0) {
    if (descend(search)) continue;
    const struct record *done = search->path[--search->path_length].record;
    const uint32_t lowest = search->lowest[done->scratch - 1];
    if (lowest == done->scratch) close_component(search, done);
    if (search->path_length > 0) lower(search, search->path[search->path_length - 1].record, lowest);
  }
}

void lifetimes_count(struct lifetimes *lt, uint64_t dead)
{
  for (uint64_t i = 0; i < dead; i++) {
    if (lt->queue[i]->count == 0 && is_kept(lt->queue[i])) free_counted(lt, lt->queue[i]);
  }
  struct search search = {.open = (struct record **)(void *)lt->dated,
                          .lowest = (uint32_t *)(void *)((struct record **)(void *)lt->dated + lt->capacity),
                          .path = (struct walk *)(void *)lt->spare};
  _Static_assert(sizeof(struct walk) <= sizeof(struct dated), "the path fits into spare[]");
  for (uint64_t i = 0; i < dead; i++) {
    struct record *record = lt->queue[i];
    if (!is_kept(record)) continue;
    if (record->scratch == 0) search_from(&search, record);
    lt->sums.kept_objects++;
    lt->sums.in_cycle_objects += (record->flags & RECORD_IN_CYCLE) != 0;
  }
}
