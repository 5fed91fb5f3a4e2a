#include "collectors/parts/hooks.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/parts/fault.h"
#include "collectors/parts/shadow_stack.h"

static void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  mutator->config->out_of_memory(mutator, bytes);
}

static struct hooks *hooks_of(struct gc_mutator *mutator)
{
  if (mutator->hooks == NULL) {
    mutator->hooks = calloc(1, sizeof *mutator->hooks);
    if (mutator->hooks == NULL) out_of_memory(mutator, sizeof *mutator->hooks);
    mutator->hooks->first_free_weak = HOOKS_NONE;
  }
  return mutator->hooks;
}

static void reserve(struct gc_mutator *mutator, struct mapping *mapping, uint64_t bytes)
{
  if (mapping->bytes < bytes && !mapping_grow(mapping, bytes)) out_of_memory(mutator, bytes);
}

struct hooks_object *hooks_find(const struct hooks *hooks, gc_ref object)
{
  if (hooks == NULL) return NULL;
  const struct object_entry *entry = object_table_find(&hooks->index, object);
  return entry == NULL ? NULL : &hooks->objects[entry->value];
}

gc_ref hooks_shared_weak(const struct hooks *hooks, gc_ref object)
{
  const struct hooks_object *entry = hooks_find(hooks, object);
  if (entry == NULL || entry->first_weak == HOOKS_NONE) return NULL;
  const struct hooks_weak *first = &hooks->weaks[entry->first_weak];
  return first->callback.function == NULL ? first->weak : NULL;
}

/* Room for one more object with hooks. */
static void reserve_object(struct gc_mutator *mutator)
{
  struct hooks *hooks = hooks_of(mutator);
  reserve(mutator, &hooks->object_memory, ((uint64_t)hooks->object_count + 1) * sizeof *hooks->objects);
  hooks->objects = hooks->object_memory.memory;
  if (!object_table_reserve(&hooks->index, 1)) out_of_memory(mutator, sizeof(struct object_entry));
}

/* The object's entry, a new one where it has none; room has been made. */
static struct hooks_object *find_or_add(struct hooks *hooks, gc_ref object)
{
  struct hooks_object *found = hooks_find(hooks, object);
  if (found != NULL) return found;
  object_table_add(&hooks->index, object);
  object_table_find(&hooks->index, object)->value = hooks->object_count;
  hooks->objects[hooks->object_count] = (struct hooks_object){.object = object, .first_weak = HOOKS_NONE};
  return &hooks->objects[hooks->object_count++];
}

/* The last entry takes the place of the one that goes. */
static void remove_object(struct hooks *hooks, struct hooks_object *entry)
{
  object_table_remove(&hooks->index, entry->object);
  hooks->hidden_count -= entry->hidden;
  const struct hooks_object *last = &hooks->objects[--hooks->object_count];
  if (entry == last) return;
  *entry = *last;
  object_table_find(&hooks->index, entry->object)->value = (uint64_t)(entry - hooks->objects);
}

static void remove_if_idle(struct hooks *hooks, struct hooks_object *entry)
{
  if (entry->finalizer.function == NULL && entry->first_weak == HOOKS_NONE) remove_object(hooks, entry);
}

struct hooks_weak *hooks_weak_of(const struct hooks *hooks, gc_ref weak)
{
  uint64_t number;
  memcpy(&number, gc_bytes(weak, 0), sizeof number);
  GC_CHECK(hooks != NULL && number < hooks->weak_count && hooks->weaks[number].weak == weak,
           "this is no weak reference", weak);
  return &hooks->weaks[number];
}

/* Takes the weak reference out of its target's list, and puts nothing in its place. */
static void unlink_weak(struct hooks *hooks, struct hooks_object *target, const struct hooks_weak *weak)
{
  uint32_t *link = weak->previous == HOOKS_NONE ? &target->first_weak : &hooks->weaks[weak->previous].next;
  *link = weak->next;
  if (weak->next != HOOKS_NONE) hooks->weaks[weak->next].previous = weak->previous;
}

void hooks_clear(struct hooks *hooks, struct hooks_weak *weak)
{
  struct hooks_object *target = hooks_find(hooks, weak->target);
  unlink_weak(hooks, target, weak);
  if (!GC_FAULT(weak_kept)) weak->target = NULL;
  remove_if_idle(hooks, target);
}

void hooks_forget_object(struct hooks *hooks, gc_ref object)
{
  struct hooks_object *entry = hooks_find(hooks, object);
  if (entry == NULL) return;
  for (uint32_t i = entry->first_weak; i != HOOKS_NONE; i = hooks->weaks[i].next) hooks->weaks[i].target = NULL;
  remove_object(hooks, entry);
}

uint32_t hooks_detach_object(struct hooks *hooks, gc_ref object)
{
  const struct hooks_object *entry = hooks_find(hooks, object);
  uint32_t first = HOOKS_NONE;
  uint32_t *link = &first;
  for (uint32_t i = entry == NULL ? HOOKS_NONE : entry->first_weak; i != HOOKS_NONE; i = hooks->weaks[i].next) {
    if (hooks->weaks[i].callback.function == NULL) continue;
    *link = i;
    link = &hooks->weaks[i].next;
  }
  hooks_forget_object(hooks, object);
  return first;
}

void hooks_forget_weak(struct hooks *hooks, gc_ref weak)
{
  struct hooks_weak *entry = hooks_weak_of(hooks, weak);
  if (entry->target != NULL) hooks_clear(hooks, entry);
  *entry = (struct hooks_weak){.next = hooks->first_free_weak};
  hooks->first_free_weak = (uint32_t)(entry - hooks->weaks);
}

/* Room for one more weak reference. */
static void reserve_weak(struct gc_mutator *mutator)
{
  struct hooks *hooks = hooks_of(mutator);
  if (hooks->first_free_weak != HOOKS_NONE) return;
  reserve(mutator, &hooks->weak_memory, ((uint64_t)hooks->weak_count + 1) * sizeof *hooks->weaks);
  hooks->weaks = hooks->weak_memory.memory;
}

static uint32_t take_weak_entry(struct hooks *hooks)
{
  const uint32_t free_entry = hooks->first_free_weak;
  if (free_entry == HOOKS_NONE) return hooks->weak_count++;
  hooks->first_free_weak = hooks->weaks[free_entry].next;
  return free_entry;
}

/* The one without callback comes first, the others behind it, newest first. */
static void link_weak(struct hooks *hooks, struct hooks_object *target, uint32_t number)
{
  struct hooks_weak *weak = &hooks->weaks[number];
  uint32_t *link = &target->first_weak;
  weak->previous = HOOKS_NONE;
  if (weak->callback.function != NULL && *link != HOOKS_NONE && hooks->weaks[*link].callback.function == NULL) {
    weak->previous = *link;
    link = &hooks->weaks[*link].next;
  }
  weak->next = *link;
  if (*link != HOOKS_NONE) hooks->weaks[*link].previous = number;
  *link = number;
}

void hooks_add_weak(struct gc_mutator *mutator, const gc_ref *weak, const gc_ref *target, struct gc_hook callback)
{
  reserve_weak(mutator); /* all room is made before a table changes: memory may run out */
  reserve_object(mutator);
  const uint32_t number = take_weak_entry(mutator->hooks);
  struct hooks_object *entry = find_or_add(mutator->hooks, *target);
  mutator->hooks->weaks[number] = (struct hooks_weak){.weak = *weak, .target = *target, .callback = callback};
  link_weak(mutator->hooks, entry, number);
  const uint64_t bits = number;
  memcpy(gc_bytes(*weak, 0), &bits, sizeof bits);
}

static void set_hidden(struct hooks *hooks, gc_ref object, bool hidden)
{
  struct hooks_object *entry = hooks_find(hooks, object);
  if (entry == NULL || entry->hidden == hidden) return;
  entry->hidden = hidden;
  if (hidden)
    hooks->hidden_count++;
  else
    hooks->hidden_count--;
}

void hooks_hide(struct hooks *hooks, gc_ref object) { set_hidden(hooks, object, true); }

void hooks_show(struct hooks *hooks, gc_ref object) { set_hidden(hooks, object, false); }

void gc_set_finalizer(struct gc_mutator *mutator, gc_ref object, struct gc_hook finalizer)
{
  if ((collector.capabilities & COLLECTOR_FINALIZES) == 0)
    gc_fail("gc_set_finalizer: this collector has no finalizers", object);
  GC_CHECK(object != NULL && finalizer.function != NULL, "gc_set_finalizer: of what, and which?", object);
  reserve_object(mutator);
  struct hooks_object *entry = find_or_add(mutator->hooks, object);
  GC_CHECK(entry->finalizer.function == NULL, "gc_set_finalizer: the object has a finalizer already", object);
  entry->finalizer = finalizer;
}

void hooks_call(struct gc_mutator *mutator, struct gc_hook hook, gc_ref object)
{
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_root(mutator, &frame.slot[0], object);
  mutator->hooks->call_depth++;
  hook.function(mutator, &frame.slot[0], hook.context);
  mutator->hooks->call_depth--;
  gc_pop(mutator, &frame.frame);
}

static void enqueue(struct gc_mutator *mutator, struct gc_hook hook, gc_ref object)
{
  struct hooks *hooks = mutator->hooks;
  const uint64_t count = (uint64_t)hooks->queued_count + 1;
  reserve(mutator, &hooks->queued_memory, count * sizeof(gc_ref));
  reserve(mutator, &hooks->call_memory, count * sizeof *hooks->calls);
  hooks->queued = hooks->queued_memory.memory;
  hooks->calls = hooks->call_memory.memory;
  hooks->queued[hooks->queued_count] = object;
  hooks->calls[hooks->queued_count++] = hook;
}

/* Clears the weak references to an object that was not reached, in the order of its list. */
static void clear_list(struct gc_mutator *mutator, struct hooks_object *entry, hooks_survivor *survivor, void *state)
{
  struct hooks *hooks = mutator->hooks;
  for (uint32_t i = entry->first_weak; i != HOOKS_NONE; i = hooks->weaks[i].next) {
    struct hooks_weak *weak = &hooks->weaks[i];
    if (!GC_FAULT(weak_kept)) weak->target = NULL;
    const gc_ref reached = survivor(state, weak->weak);
    if (reached != NULL && weak->callback.function != NULL) enqueue(mutator, weak->callback, reached);
  }
  entry->first_weak = HOOKS_NONE;
}

void hooks_clear_unreached(struct gc_mutator *mutator, hooks_survivor *survivor, void *state)
{
  struct hooks *hooks = mutator->hooks;
  if (hooks == NULL) return;
  for (uint32_t i = 0; i < hooks->object_count; i++) {
    struct hooks_object *entry = &hooks->objects[i];
    if (entry->first_weak != HOOKS_NONE && (survivor(state, entry->object) == NULL || GC_FAULT(weak_cleared)))
      clear_list(mutator, entry, survivor, state);
  }
  for (uint32_t i = hooks->object_count; i-- > 0;) remove_if_idle(hooks, &hooks->objects[i]);
}

void hooks_queue_finalizers(struct gc_mutator *mutator, hooks_survivor *survivor, void *state)
{
  struct hooks *hooks = mutator->hooks;
  if (hooks == NULL) return;
  for (uint32_t i = 0; i < hooks->object_count; i++) {
    struct hooks_object *entry = &hooks->objects[i];
    if (entry->finalizer.function == NULL || entry->finalized || survivor(state, entry->object) != NULL) continue;
    entry->finalized = !GC_FAULT(finalizer_again);
    enqueue(mutator, entry->finalizer, entry->object);
  }
}

/* Where a collector moves, every address may have changed. */
static void index_again(struct hooks *hooks)
{
  object_table_clear(&hooks->index);
  for (uint32_t i = 0; i < hooks->object_count; i++) {
    object_table_add(&hooks->index, hooks->objects[i].object);
    object_table_find(&hooks->index, hooks->objects[i].object)->value = i;
  }
}

void hooks_forget_unreached(struct gc_mutator *mutator, hooks_survivor *survivor, void *state)
{
  struct hooks *hooks = mutator->hooks;
  if (hooks == NULL) return;
  for (uint32_t i = 0; i < hooks->weak_count; i++) {
    const gc_ref weak = hooks->weaks[i].weak;
    if (weak != NULL && survivor(state, weak) == NULL) hooks_forget_weak(hooks, weak);
  }
  for (uint32_t i = hooks->object_count; i-- > 0;) {
    const gc_ref object = hooks->objects[i].object;
    if (survivor(state, object) == NULL) hooks_forget_object(hooks, object);
  }
  for (uint32_t i = 0; i < hooks->object_count; i++)
    hooks->objects[i].object = survivor(state, hooks->objects[i].object);
  for (uint32_t i = 0; i < hooks->weak_count; i++) {
    struct hooks_weak *weak = &hooks->weaks[i];
    if (weak->weak == NULL) continue;
    weak->weak = survivor(state, weak->weak);
    if (weak->target != NULL && !GC_FAULT(weak_kept_old)) weak->target = survivor(state, weak->target);
  }
  if (collector.capabilities & COLLECTOR_MOVES) index_again(hooks);
}

void hooks_run_queue(struct gc_mutator *mutator)
{
  struct hooks *hooks = mutator->hooks;
  if (hooks == NULL || hooks->is_running || hooks->queued_count == 0) return;
  hooks->is_running = true;
  while (hooks->next_call < hooks->queued_count) {
    const uint32_t i = hooks->next_call++;
    GC_FRAME(frame, 1);
    gc_push(mutator, &frame.frame);
    gc_root(mutator, &frame.slot[0], hooks->queued[i]);
    hooks->queued[i] = NULL;
    const struct gc_hook hook = hooks->calls[i];
    hook.function(mutator, &frame.slot[0], hook.context);
    gc_pop(mutator, &frame.frame);
  }
  hooks->queued_count = 0;
  hooks->next_call = 0;
  hooks->is_running = false;
}

void hooks_release(struct gc_mutator *mutator)
{
  struct hooks *hooks = mutator->hooks;
  if (hooks == NULL) return;
  mapping_release(&hooks->object_memory);
  mapping_release(&hooks->weak_memory);
  mapping_release(&hooks->queued_memory);
  mapping_release(&hooks->call_memory);
  object_table_release(&hooks->index);
  free(hooks);
  mutator->hooks = NULL;
}

void hooks_check(const struct hooks *hooks)
{
  if (hooks == NULL) return;
  uint32_t listed = 0;
  uint32_t hidden = 0;
  for (uint32_t i = 0; i < hooks->object_count; i++) {
    const struct hooks_object *entry = &hooks->objects[i];
    hidden += entry->hidden;
    const struct object_entry *found = object_table_find(&hooks->index, entry->object);
    if (found == NULL || found->value != i) gc_fail("an object with hooks is not where the index says", entry->object);
    if (entry->finalizer.function == NULL && entry->first_weak == HOOKS_NONE)
      gc_fail("an object without hooks is among those that have some", entry->object);
    uint32_t previous = HOOKS_NONE;
    for (uint32_t w = entry->first_weak; w != HOOKS_NONE; w = hooks->weaks[w].next, listed++) {
      if (hooks->weaks[w].target != entry->object) gc_fail("a weak reference is in another's list", entry->object);
      if (hooks->weaks[w].previous != previous) gc_fail("a list of weak references is linked wrongly", entry->object);
      previous = w;
    }
  }
  if (hooks->index.count != hooks->object_count) gc_fail("the index of objects with hooks has too many", hooks);
  for (uint32_t i = 0; i < hooks->weak_count; i++) {
    const struct hooks_weak *weak = &hooks->weaks[i];
    if (weak->weak == NULL) continue;
    if (hooks_weak_of(hooks, weak->weak) != weak) gc_fail("a weak reference has another's number", weak->weak);
    listed -= weak->target != NULL;
  }
  if (hidden != hooks->hidden_count) gc_fail("the number of hidden objects is wrong", hooks);
  if (listed != 0) gc_fail("a weak reference is in no list", hooks);
}
