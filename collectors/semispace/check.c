/*
 * Verification: what an object is, at any time, and whether the whole heap is what it should be.
 *
 * Objects lie one behind the other, so collector_check walks all of them, reachable or not: what is garbage by now was
 * alive after the last collection or was allocated since, so its references are good like any others.  A bitmap of the
 * check's own says where objects start.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "collectors/parts/hooks.h"
#include "collectors/semispace/semispace.h"

/* Why this is not an object; NULL where it is one. */
static const char *fault_of(struct semispace *ss, gc_ref object)
{
  if ((uintptr_t)object % sizeof(gc_ref) != 0) return "the address is not aligned";
  if (!spaces_contain(&ss->spaces, object))
    return large_contains(&ss->large, object) ? NULL : "the address is outside the heap";
  const char *base = spaces_current(&ss->spaces)->base;
  const char *cell = (const char *)object - HEADER_BYTES;
  if (cell < base || cell >= ss->bump) return "no object is there now; was it read before a safepoint?";
  const struct header *header = header_of(object);
  if (header->word != HEADER_OBJECT) return "the address is not an object's, or its header is damaged";
  if ((header->packed & HEADER_EXTENDED) != 0) return "the header is damaged";
  const uint64_t bytes = cell_bytes_of_packed(header->packed);
  if (bytes > CELL_MAX_BYTES || bytes > (uint64_t)(ss->bump - cell)) return "the header is damaged";
  return NULL;
}

static _Noreturn void fail(const char *what, const char *fault, gc_ref object)
{
  char text[160];
  snprintf(text, sizeof text, "%s (%s)", what, fault);
  gc_fail(text, object);
}

void semispace_require_object(struct semispace *ss, gc_ref object, const char *what)
{
  const char *fault = fault_of(ss, object);
  if (fault != NULL) fail(what, fault, object);
}

struct walk {
  struct semispace *ss;
  char *base;
  uint64_t *starts; /* a bit a word of the space, set where an object is */
  uint64_t starts_bytes;
  uint64_t objects, bytes, payload_bytes;
};

static void count(struct walk *walk, gc_ref object, uint64_t bytes)
{
  walk->objects++;
  walk->bytes += bytes;
  walk->payload_bytes += header_payload_bytes(shape_of(object));
}

/* The space is full of objects from its base to the bump pointer. */
static void find_starts(struct walk *walk)
{
  char *cell = walk->base;
  while (cell < walk->ss->bump) {
    const gc_ref object = object_in_cell(cell);
    semispace_require_object(walk->ss, object, "where an object should begin there is none");
    const uint64_t word = (uint64_t)((char *)object - walk->base) / sizeof(gc_ref);
    walk->starts[word / 64] |= UINT64_C(1) << word % 64;
    const uint64_t bytes = cell_bytes_of_packed(header_of(object)->packed);
    count(walk, object, bytes);
    cell += bytes;
  }
  for (uint64_t i = 0; i < walk->ss->large.count; i++) {
    const struct large *large = walk->ss->large.registry[i];
    if (large->marked || large->next_grey != NULL)
      gc_fail("a large object is marked between collections", large_object(walk->ss->large.registry[i]));
    count(walk, large_object(walk->ss->large.registry[i]), large->mapped_bytes);
  }
}

static void check_reference(const struct walk *walk, gc_ref object, const void *from)
{
  if (object == NULL) return;
  const char *fault = fault_of(walk->ss, object);
  if (fault == NULL && spaces_contain(&walk->ss->spaces, object)) {
    const uint64_t word = (uint64_t)((char *)object - walk->base) / sizeof(gc_ref);
    if ((walk->starts[word / 64] >> word % 64 & 1) == 0) fault = "the address is not an object's";
  }
  if (fault == NULL) return;
  char text[160];
  snprintf(text, sizeof text, "%p holds a reference to what is no object: %s", from, fault);
  gc_fail(text, object);
}

static void check_fields(const struct walk *walk, gc_ref object)
{
  const uint32_t fields = shape_of(object).fields;
  for (uint32_t i = 0; i < fields; i++) check_reference(walk, fields_of(object)[i], object);
}

static void check_references(const struct walk *walk)
{
  struct semispace *ss = walk->ss;
  for (const struct gc_frame *frame = ss->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) check_reference(walk, frame->slots[i], &frame->slots[i]);
  }
  const struct hooks *hooks = ss->mutator.hooks;
  for (uint32_t i = 0; hooks != NULL && i < hooks->queued_count; i++)
    check_reference(walk, hooks->queued[i], &hooks->queued[i]);
  for (char *cell = walk->base; cell < ss->bump; cell += cell_bytes_of_packed(header_of(object_in_cell(cell))->packed))
    check_fields(walk, object_in_cell(cell));
  for (uint64_t i = 0; i < ss->large.count; i++) check_fields(walk, large_object(ss->large.registry[i]));
}

static void check_piece(struct semispace *ss)
{
  const struct space *space = spaces_current(&ss->spaces);
  if (ss->bump < space->base || ss->bump > ss->limit) gc_fail("the piece ends before its start", ss->bump);
  const uint64_t used_bytes = semispace_used_bytes(ss);
  if (used_bytes > space->touched_bytes) gc_fail("the piece is beyond what has been touched", ss->limit);
  if (ss->limit - ss->bump > CELL_MAX_BYTES) gc_fail("the piece is longer than the largest cell", ss->bump);
  const uint64_t left_bytes = (uint64_t)(ss->limit - ss->bump);
  poison_open(ss->bump, left_bytes);
  for (const char *byte = ss->bump; byte < ss->limit; byte++) {
    if (*byte != 0) gc_fail("the piece should be zero and is not", byte);
  }
  poison_close(ss->bump, left_bytes);
  if (!BUILD_CHECKING && spaces_reserve(&ss->spaces)->committed_bytes < used_bytes)
    gc_fail("what is in use would not fit into the reserve", ss->limit);
}

static void check_counters(const struct walk *walk)
{
  const struct semispace *ss = walk->ss;
  const struct gc_counters *counters = &ss->mutator.counters;
  if (counters->allocated_objects - counters->freed_objects != walk->objects)
    gc_fail("the count of objects is wrong", counters);
  if (counters->allocated_bytes - counters->freed_bytes != walk->payload_bytes)
    gc_fail("the count of requested bytes is wrong", counters);
  if (counters->heap_bytes != walk->bytes + (uint64_t)(ss->limit - ss->bump)) gc_fail("heap_bytes is wrong", counters);
}

void collector_check(struct gc_mutator *mutator)
{
  struct semispace *ss = semispace_of(mutator);
  spaces_check(&ss->spaces);
  large_check(&ss->large);
  trigger_check(&ss->trigger, ss->live_bytes);
  hooks_check(mutator->hooks);
  check_piece(ss);
  struct walk walk = {.ss = ss, .base = spaces_current(&ss->spaces)->base};
  walk.starts_bytes = ((uint64_t)(ss->bump - walk.base) / sizeof(gc_ref) / 64 + 1) * sizeof(uint64_t);
  walk.starts = mmap(NULL, walk.starts_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (walk.starts == MAP_FAILED) mutator->config->out_of_memory(mutator, walk.starts_bytes);
  find_starts(&walk);
  check_references(&walk);
  check_counters(&walk);
  munmap(walk.starts, walk.starts_bytes);
}
