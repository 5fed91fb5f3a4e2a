/*
 * Verification: what an object is, at any time, and whether the whole heap is what it should be.
 *
 * collector_check works out reachability once more, by other means than mark.c: a bitmap and a stack of its own,
 * one object at a time, every reference examined before it is followed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "collectors/marksweep/marksweep.h"
#include "collectors/parts/hooks.h"

static bool cell_is_allocated(struct marksweep *ms, const struct block *block, const char *cell)
{
  if (blocks_is_marked(&ms->blocks, cell)) return true;
  if (cell >= blocks_cells(&ms->blocks, block) + block->cursor_bytes) return false;
  const struct source *source = &ms->sources[block->size_class];
  const struct piece *piece = &ms->pieces[block->size_class];
  return source->block != block || cell < piece->next || cell >= piece->limit;
}

/* Why this is not an object; NULL where it is one. */
static const char *fault_of(struct marksweep *ms, gc_ref object)
{
  if ((uintptr_t)object % sizeof(gc_ref) != 0) return "the address is not aligned";
  if (!blocks_contain(&ms->blocks, object))
    return large_contains(&ms->large, object) ? NULL : "the address is outside the heap";
  const struct block *block = blocks_find(&ms->blocks, object);
  const uint32_t index = blocks_index(&ms->blocks, block);
  if (index == 0 || index >= ms->blocks.opened || block->state != BLOCK_USED) return "the address is in a free block";
  char *cell = (char *)object - HEADER_BYTES;
  const uint64_t offset = (uint64_t)(cell - blocks_cells(&ms->blocks, block));
  if (offset >= BLOCK_BYTES || offset % size_class_cell_bytes(block->size_class) != 0)
    return "the address is not an object's";
  if (!cell_is_allocated(ms, block, cell)) return "the object has been freed";
  if (header_of(object)->word != HEADER_OBJECT) return "the header is damaged";
  const uint64_t bytes = HEADER_BYTES + header_payload_bytes(shape_of(object));
  if (bytes > SIZE_CLASS_MAX_BYTES || size_class_of(bytes) != block->size_class) return "the header is damaged";
  return NULL;
}

bool marksweep_is_object(struct marksweep *ms, gc_ref object) { return fault_of(ms, object) == NULL; }

void marksweep_require_object(struct marksweep *ms, gc_ref object, const char *what)
{
  const char *fault = fault_of(ms, object);
  if (fault == NULL) return;
  char text[160];
  snprintf(text, sizeof text, "%s (%s)", what, fault);
  gc_fail(text, object);
}

static void poison_cells(char *cells, uint64_t bytes, bool must_be_zero)
{
  if (!must_be_zero) poison_fill(cells, bytes);
  poison_close(cells, bytes);
}

void marksweep_poison_garbage(struct marksweep *ms)
{
  for (uint32_t i = 1; i < ms->blocks.opened; i++) {
    const struct block *block = &ms->blocks.table[i];
    char *cells = blocks_cells(&ms->blocks, block);
    if (block->state == BLOCK_DIRTY) poison_cells(cells, BLOCK_BYTES, false);
    if (block->state != BLOCK_USED) continue;
    const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
    for (uint32_t at = 0; at + cell_bytes <= block->virgin_bytes; at += cell_bytes) {
      if (!blocks_is_marked(&ms->blocks, cells + at))
        poison_cells(cells + at, cell_bytes, (block->flags & BLOCK_CLEAN) != 0);
    }
  }
}

/* The check's own marking. */
struct walk {
  struct marksweep *ms;
  uint64_t *visited; /* a bit a granule */
  uint64_t visited_bytes;
  struct mark_stack stack;
  uint64_t objects;
  bool is_short; /* of memory: the walk ends */
};

static void visit(struct walk *walk, gc_ref object, const void *from)
{
  if (object == NULL) return;
  struct marksweep *ms = walk->ms;
  const char *fault = fault_of(ms, object);
  if (fault != NULL) {
    char text[160];
    snprintf(text, sizeof text, "%p holds a reference to what is no object: %s", from, fault);
    gc_fail(text, object);
  }
  if (blocks_contain(&ms->blocks, object)) {
    const uint64_t granule = (uint64_t)((char *)object - ms->blocks.base) >> GRANULE_SHIFT;
    if (walk->visited[granule / 64] >> granule % 64 & 1) return;
    walk->visited[granule / 64] |= UINT64_C(1) << granule % 64;
  } else {
    struct large *large = large_of(object);
    if (large->visited) return;
    large->visited = true;
  }
  walk->objects++;
  if (mark_stack_reserve(&walk->stack, 1))
    *walk->stack.top++ = (uintptr_t)object;
  else
    walk->is_short = true;
}

static void walk_reachable(struct walk *walk)
{
  for (const struct gc_frame *frame = walk->ms->mutator.frames; frame != NULL; frame = frame->previous) {
    for (uint32_t i = 0; i < frame->count; i++) visit(walk, frame->slots[i], &frame->slots[i]);
  }
  while (!mark_stack_is_empty(&walk->stack) && !walk->is_short) {
    const gc_ref object = object_of_entry(*--walk->stack.top);
    const uint32_t fields = shape_of(object).fields;
    for (uint32_t i = 0; i < fields; i++) visit(walk, fields_of(object)[i], object);
  }
}

/* Every reference that can be reached leads to an object.  Returns how many objects can be reached. */
static uint64_t check_reachable(struct marksweep *ms)
{
  struct walk walk = {.ms = ms, .visited_bytes = (uint64_t)ms->blocks.opened * BLOCK_MARK_WORDS * 8};
  walk.visited = mmap(NULL, walk.visited_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (walk.visited == MAP_FAILED) ms->mutator.config->out_of_memory(&ms->mutator, walk.visited_bytes);
  walk.is_short = !mark_stack_init(&walk.stack, 0);
  if (!walk.is_short) walk_reachable(&walk);
  for (uint64_t i = 0; i < ms->large.count; i++) ms->large.registry[i]->visited = false;
  mark_stack_finish(&walk.stack);
  munmap(walk.visited, walk.visited_bytes);
  if (walk.is_short) ms->mutator.config->out_of_memory(&ms->mutator, walk.visited_bytes);
  return walk.objects;
}

struct tally {
  uint64_t objects, bytes, payload_bytes;
};

static void check_cell(struct marksweep *ms, const struct block *block, char *cell, struct tally *tally)
{
  const gc_ref object = object_in_cell(cell);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  if (cell_is_allocated(ms, block, cell)) {
    marksweep_require_object(ms, object, "an allocated cell holds no object");
    tally->objects++;
    tally->bytes += cell_bytes;
    tally->payload_bytes += header_payload_bytes(shape_of(object));
    return;
  }
  const struct piece *piece = &ms->pieces[block->size_class];
  const bool in_piece = cell >= piece->next && cell < piece->limit;
  if (!in_piece && !(block->flags & BLOCK_CLEAN)) return;
  poison_open(cell, cell_bytes);
  for (uint32_t i = 0; i < cell_bytes; i++) {
    if (cell[i] != 0) gc_fail("a free cell that should be zero is not", cell);
  }
  if (cell < blocks_cells(&ms->blocks, block) + block->virgin_bytes) poison_close(cell, cell_bytes);
}

static void check_block(struct marksweep *ms, const struct block *block, struct tally *tally)
{
  const uint64_t *marks = blocks_marks(&ms->blocks, block);
  const uint64_t *starts = ms->cell_starts[block->size_class];
  char *cells = blocks_cells(&ms->blocks, block);
  for (int word = 0; word < BLOCK_MARK_WORDS; word++) {
    if ((marks[word] & ~starts[word]) != 0) gc_fail("a mark bit is set where no cell starts", cells);
  }
  if (blocks_count_marks(marks) != block->marked_cells)
    gc_fail("a block's marks have changed since they were counted", cells);
  if (block->flags & BLOCK_DROPPED) gc_fail("a block is still flagged as dropped", cells);
  if (block->cursor_bytes > BLOCK_BYTES) gc_fail("a block's cursor is beyond its end", cells);
  const uint32_t cell_bytes = size_class_cell_bytes(block->size_class);
  for (uint32_t at = 0; at + cell_bytes <= BLOCK_BYTES; at += cell_bytes) check_cell(ms, block, cells + at, tally);
}

static uint32_t count_unswept(const struct marksweep *ms)
{
  uint32_t count = 0;
  for (uint32_t i = 1; i < ms->blocks.opened; i++) {
    const struct block *block = &ms->blocks.table[i];
    if (block->state != BLOCK_USED || block->cursor_bytes != 0) continue;
    if (block->marked_cells < blocks_cells_per_block(block->size_class)) count++;
  }
  return count;
}

/* Every block with free cells that is not being allocated in is listed, once, in the order of addresses. */
static void check_sources(struct marksweep *ms)
{
  uint32_t listed = 0;
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    uint32_t last = 0;
    for (uint32_t i = ms->sources[size_class].unswept; i != 0; i = ms->blocks.table[i].next) {
      const struct block *block = &ms->blocks.table[i];
      if (i <= last) gc_fail("a list of unswept blocks is out of order", block);
      if (block->state != BLOCK_USED || block->size_class != size_class) gc_fail("a block is in the wrong list", block);
      if (block->cursor_bytes != 0) gc_fail("an unswept block has been allocated in", block);
      last = i;
      listed++;
    }
    const struct piece *piece = &ms->pieces[size_class];
    const struct block *block = ms->sources[size_class].block;
    if (piece->next > piece->limit) gc_fail("a piece ends before its start", piece);
    if (piece->next == piece->limit) continue;
    if (block == NULL || piece->limit != blocks_cells(&ms->blocks, block) + block->cursor_bytes)
      gc_fail("a piece is not just below its block's cursor", piece->next);
  }
  if (listed != count_unswept(ms)) gc_fail("blocks with free cells are in no list", ms->sources);
}

static void check_counters(struct marksweep *ms, const struct tally *tally, uint64_t reachable)
{
  const struct gc_counters *counters = &ms->mutator.counters;
  uint64_t spare_objects = 0;
  uint64_t spare_bytes = 0;
  for (unsigned size_class = 0; size_class < SIZE_CLASSES; size_class++) {
    const uint64_t bytes = (uint64_t)(ms->pieces[size_class].limit - ms->pieces[size_class].next);
    spare_objects += bytes / size_class_cell_bytes(size_class);
    spare_bytes += bytes;
  }
  if (counters->allocated_objects - counters->freed_objects != tally->objects + spare_objects)
    gc_fail("the count of objects is wrong", counters);
  if (counters->allocated_bytes - counters->freed_bytes != tally->payload_bytes)
    gc_fail("the count of requested bytes is wrong", counters);
  if (counters->heap_bytes != tally->bytes + spare_bytes) gc_fail("heap_bytes is wrong", counters);
  if (reachable > tally->objects) gc_fail("more objects can be reached than there are", counters);
}

void collector_check(struct gc_mutator *mutator)
{
  struct marksweep *ms = marksweep_of(mutator);
  blocks_check(&ms->blocks);
  large_check(&ms->large);
  mark_stack_check(&ms->stack);
  mark_stack_check(&ms->slices);
  trigger_check(&ms->trigger, ms->live_bytes);
  hooks_check(ms->mutator.hooks);
  check_sources(ms);
  struct tally tally = {0};
  for (uint32_t i = 1; i < ms->blocks.opened; i++) {
    if (ms->blocks.table[i].state == BLOCK_USED) check_block(ms, &ms->blocks.table[i], &tally);
  }
  for (uint64_t i = 0; i < ms->large.count; i++) {
    const gc_ref object = large_object(ms->large.registry[i]);
    if (ms->large.registry[i]->marked) gc_fail("a large object is marked between collections", object);
    tally.objects++;
    tally.bytes += ms->large.registry[i]->mapped_bytes;
    tally.payload_bytes += header_payload_bytes(shape_of(object));
  }
  check_counters(ms, &tally, check_reachable(ms));
}
