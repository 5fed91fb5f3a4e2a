#include "collectors/peers/boehm/weak.h"

#define GC_THREADS             1
#define GC_NO_THREAD_REDIRECTS 1
#include <gc/gc.h>
#include <gc/gc_mark.h>
#include <stdlib.h>

#include "collectors/collector.h"
#include "collectors/parts/object_table.h"

struct cell {
  GC_hidden_pointer target; /* 0: cleared */
  struct gc_hook callback;
};

struct pair {
  GC_hidden_pointer target, weak;
};

static struct {
  GC_hidden_pointer *called;
  struct pair *shared;
  gc_ref *queue;
  size_t called_count, called_room, shared_count, shared_room, queue_count, queue_room;
  size_t next_call; /* of the queue; those before it have been called, and are NULL */
  struct object_table index;
  bool is_running; /* a callback */
} table;

bool weak_is_due;

static struct cell *cell_of(gc_ref weak) { return (struct cell *)(void *)weak; }

static gc_ref reveal(GC_hidden_pointer hidden) { return hidden == 0 ? NULL : (gc_ref)GC_REVEAL_POINTER(hidden); }

struct gc_shape weak_shape(void)
{
  return (struct gc_shape){.fields = 0, .bytes = sizeof(struct cell), .kind = GC_WEAK};
}

/* The array with room for one more; may have moved. */
static void *reserve(struct gc_mutator *mutator, void *array, size_t count, size_t *room, size_t bytes_each)
{
  if (count < *room) return array;
  const size_t wanted = 2 * *room + 64;
  void *grown = realloc(array, wanted * bytes_each);
  if (grown == NULL) mutator->config->out_of_memory(mutator, wanted * bytes_each);
  *room = wanted;
  return grown;
}

static void index_shared(size_t place)
{
  const gc_ref target = reveal(table.shared[place].target);
  object_table_add(&table.index, target); /* is there already where a callback has made one in the middle of this */
  object_table_find(&table.index, target)->value = place;
}

static void add_shared(struct gc_mutator *mutator, gc_ref weak, gc_ref target)
{
  table.shared = reserve(mutator, table.shared, table.shared_count, &table.shared_room, sizeof *table.shared);
  if (!object_table_reserve(&table.index, 1)) mutator->config->out_of_memory(mutator, sizeof(struct object_entry));
  table.shared[table.shared_count] = (struct pair){.target = GC_HIDE_POINTER(target), .weak = GC_HIDE_POINTER(weak)};
  index_shared(table.shared_count++);
}

static void add_called(struct gc_mutator *mutator, gc_ref weak)
{
  table.called = reserve(mutator, table.called, table.called_count, &table.called_room, sizeof *table.called);
  table.called[table.called_count++] = GC_HIDE_POINTER(weak);
}

void weak_bind(struct gc_mutator *mutator, const gc_ref *weak, const gc_ref *target, struct gc_hook callback)
{
  struct cell *cell = cell_of(*weak);
  *cell = (struct cell){.target = GC_HIDE_POINTER(*target), .callback = callback};
  if (GC_general_register_disappearing_link((void **)&cell->target, *target) != GC_SUCCESS)
    mutator->config->out_of_memory(mutator, sizeof *cell);
  if (callback.function == NULL)
    add_shared(mutator, *weak, *target);
  else
    add_called(mutator, *weak);
}

gc_ref weak_shared(gc_ref target)
{
  const struct object_entry *entry = object_table_find(&table.index, target);
  return entry == NULL ? NULL : reveal(table.shared[entry->value].weak);
}

void weak_forget_unmarked(void)
{
  size_t kept = 0;
  for (size_t i = 0; i < table.called_count; i++) {
    if (GC_is_marked(reveal(table.called[i]))) table.called[kept++] = table.called[i];
  }
  table.called_count = kept;
  kept = 0;
  for (size_t i = 0; i < table.shared_count; i++) {
    const struct pair *pair = &table.shared[i];
    if (GC_is_marked(reveal(pair->weak)) && GC_is_marked(reveal(pair->target))) table.shared[kept++] = *pair;
  }
  if (kept < table.shared_count) object_table_clear(&table.index);
  const bool is_changed = kept < table.shared_count;
  table.shared_count = kept;
  for (size_t i = 0; is_changed && i < kept; i++) index_shared(i);
  weak_is_due = table.called_count > 0;
}

void weak_push_queue(void)
{
  if (table.queue_count > table.next_call) GC_push_all_eager(table.queue, table.queue + table.queue_count);
}

/* Those that have been cleared go from called[] to the queue. */
static void queue_cleared(struct gc_mutator *mutator)
{
  weak_is_due = false;
  for (size_t i = table.called_count; i-- > 0;) {
    const gc_ref weak = reveal(table.called[i]);
    if (cell_of(weak)->target != 0) continue;
    table.queue = reserve(mutator, table.queue, table.queue_count, &table.queue_room, sizeof(gc_ref));
    table.queue[table.queue_count++] = weak;
    table.called[i] = 0;
  }
  size_t kept = 0;
  for (size_t i = 0; i < table.called_count; i++) {
    if (table.called[i] != 0) table.called[kept++] = table.called[i];
  }
  table.called_count = kept;
}

void weak_run_callbacks(struct gc_mutator *mutator)
{
  queue_cleared(mutator); /* for the one that is running too, where this is in a callback */
  if (table.is_running) return;
  table.is_running = true;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  while (table.next_call < table.queue_count) {
    gc_root(mutator, &frame.slot[0], table.queue[table.next_call]);
    table.queue[table.next_call++] = NULL;
    const struct gc_hook callback = cell_of(frame.slot[0])->callback;
    callback.function(mutator, &frame.slot[0], callback.context);
  }
  gc_pop(mutator, &frame.frame);
  table.queue_count = table.next_call = 0;
  table.is_running = false;
}

void weak_release(void)
{
  free(table.called);
  free(table.shared);
  free(table.queue);
  object_table_release(&table.index);
  table = (typeof(table)){0};
}

gc_ref gc_weak_get(struct gc_mutator *mutator, gc_ref weak)
{
  (void)mutator;
  return reveal(cell_of(weak)->target);
}
