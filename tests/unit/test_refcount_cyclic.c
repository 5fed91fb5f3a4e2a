/* refcount_cyclic: the order of generations, tracking, counting, and what collections find. */
#include "base/random.h"
#include "collectors/refcount_cyclic/cyclic.h"
#include "tests/unit/heap_fixture.h"

static const struct heap_knob never[] = {{"threshold0", 0}, {NULL, 0}};

static const struct gc_shape node = {.fields = 2, .kind = GC_INSTANCE};
static const struct gc_shape atom = {.fields = 0, .bytes = 8, .kind = GC_ATOM};

static const gc_ref nothing[1];

static struct generation *generation_of(const struct heap *heap, int number)
{
  return &cyclic_of(heap->mutator)->generations[number];
}

/* What a generation holds, holes passed over, is the objects in this order. */
static void assert_order(const struct heap *heap, int number, const gc_ref *expected, uint32_t count)
{
  const struct generation *generation = generation_of(heap, number);
  uint32_t found = 0;
  for (uint32_t i = 0; i < generation->size; i++) {
    if (generation->objects[i] == NULL) continue;
    if (found >= count) fail_msg("generation %d holds more than %u objects", number, count);
    assert_ptr_equal(counted_ref(generation->objects[i]), expected[found++]);
  }
  assert_int_equal(found, count);
}

/* Objects a, b, c, ... in slots 0, 1, 2, ...; roots are dropped later. */
static void make_objects(struct heap *heap, uint32_t count, struct gc_shape shape, gc_ref *objects)
{
  for (uint32_t i = 0; i < count; i++) {
    gc_new(heap->mutator, &heap->frame.slots[i], shape);
    objects[i] = heap->frame.slots[i];
  }
}

static void drop_all_but(struct heap *heap, uint32_t count, uint32_t kept)
{
  for (uint32_t i = 0; i < count; i++) {
    if (i != kept) gc_root(heap->mutator, &heap->frame.slots[i], NULL);
  }
}

/* a, b stand before the root c that refers to them: they are passed over, found again, and queued in field order. */
static void moved_objects_follow_in_order_of_traversal(void **state)
{
  (void)state;
  for (int kind = GC_INSTANCE; kind <= GC_LIST; kind++) {
    struct heap heap;
    gc_ref o[4];
    heap_start(&heap, 4, never);
    make_objects(&heap, 4, (struct gc_shape){.fields = 3, .kind = (enum gc_kind)kind}, o);
    gc_store(heap.mutator, o[2], 0, o[1]);
    gc_store(heap.mutator, o[2], 1, o[3]); /* comes later in the list: stays where it is */
    gc_store(heap.mutator, o[2], 2, o[0]);
    drop_all_but(&heap, 4, 2);
    assert_order(&heap, 0, (const gc_ref[]){o[0], o[1], o[2], o[3]}, 4);
    assert_int_equal(gc_collect(heap.mutator, 0), 0);
    assert_order(&heap, 0, nothing, 0);
    if (kind == GC_INSTANCE) assert_order(&heap, 1, (const gc_ref[]){o[2], o[3], o[1], o[0]}, 4);
    if (kind == GC_LIST) assert_order(&heap, 1, (const gc_ref[]){o[2], o[3], o[0], o[1]}, 4); /* last field first */
    collector_check(heap.mutator);
    heap_finish(&heap);
  }
}

/* The closure is breadth first: d refers to c, c to b, b to a; each is found by the one before it in the queue. */
static void the_closure_is_breadth_first(void **state)
{
  (void)state;
  struct heap heap;
  gc_ref o[6];
  heap_start(&heap, 6, never);
  make_objects(&heap, 6, node, o);
  gc_store(heap.mutator, o[5], 0, o[4]);
  gc_store(heap.mutator, o[5], 1, o[3]);
  gc_store(heap.mutator, o[4], 0, o[0]);
  gc_store(heap.mutator, o[3], 0, o[1]);
  gc_store(heap.mutator, o[0], 0, o[2]);
  drop_all_but(&heap, 6, 5);
  assert_int_equal(gc_collect(heap.mutator, GC_FULL), 0);
  assert_order(&heap, 2, (const gc_ref[]){o[5], o[4], o[3], o[0], o[1], o[2]}, 6);
  assert_int_equal(gc_collect(heap.mutator, GC_FULL), 0); /* referrers stand before referents now: nothing moves */
  assert_order(&heap, 2, (const gc_ref[]){o[5], o[4], o[3], o[0], o[1], o[2]}, 6);
  heap_finish(&heap);
}

static void generations_merge_in_cpythons_order(void **state)
{
  (void)state;
  struct heap heap;
  gc_ref o[6];
  heap_start(&heap, 6, never);
  make_objects(&heap, 2, node, o);
  gc_collect(heap.mutator, 1);
  gc_new(heap.mutator, &heap.frame.slots[2], node);
  gc_collect(heap.mutator, 0);
  gc_new(heap.mutator, &heap.frame.slots[3], node);
  for (int i = 0; i < 4; i++) o[i] = heap.frame.slots[i];
  assert_order(&heap, 2, (const gc_ref[]){o[0], o[1]}, 2);
  assert_order(&heap, 1, (const gc_ref[]){o[2]}, 1);
  assert_order(&heap, 0, (const gc_ref[]){o[3]}, 1);
  gc_collect(heap.mutator, 2); /* list 2, then list 0, then list 1 */
  assert_order(&heap, 2, (const gc_ref[]){o[0], o[1], o[3], o[2]}, 4);
  heap_finish(&heap);
}

static void holes_close_and_order_stays(void **state)
{
  (void)state;
  enum { OBJECTS = 10000, KEPT_OF = 100 };
  struct heap heap;
  heap_start(&heap, OBJECTS / KEPT_OF + 1, never);
  gc_ref *slots = heap.frame.slots;
  for (uint32_t i = 0; i < OBJECTS; i++) {
    gc_new(heap.mutator, i % KEPT_OF == 0 ? &slots[i / KEPT_OF] : &slots[OBJECTS / KEPT_OF], node);
    if (i % 500 == 0) collector_check(heap.mutator);
  }
  gc_root(heap.mutator, &slots[OBJECTS / KEPT_OF], NULL);
  assert_order(&heap, 0, slots, OBJECTS / KEPT_OF);
  assert_true(generation_of(&heap, 0)->capacity < OBJECTS); /* a steady state does not grow */
  heap_finish(&heap);
}

/* e1_basics: tuples of what is not tracked are untracked by the collection that sees them. */
static void tuples_are_untracked(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 5, never);
  gc_ref *slots = heap.frame.slots;
  const struct gc_shape pair = {.fields = 2, .kind = GC_TUPLE};
  gc_new(heap.mutator, &slots[0], atom);
  gc_new(heap.mutator, &slots[1], pair);
  gc_new(heap.mutator, &slots[2], pair);
  gc_new(heap.mutator, &slots[3], pair);
  for (uint32_t i = 0; i < 2; i++) {
    gc_store(heap.mutator, slots[1], i, slots[0]);
    gc_store(heap.mutator, slots[2], i, slots[1]);
  }
  gc_store(heap.mutator, slots[3], 0, slots[0]); /* the other element is a dict, which blocks, tracked or not */
  gc_new(heap.mutator, &slots[4], (struct gc_shape){.fields = 1, .kind = GC_DICT});
  gc_store(heap.mutator, slots[3], 1, slots[4]);
  assert_false(object_is_untracked(counted_of(slots[1])));
  gc_collect(heap.mutator, 0);
  assert_true(object_is_untracked(counted_of(slots[1])));
  assert_true(object_is_untracked(counted_of(slots[2])));
  assert_false(object_is_untracked(counted_of(slots[3])));
  assert_order(&heap, 1, &slots[3], 1);
  heap_finish(&heap);
}

/* A tuple that stands before the one it holds is looked at first, and must wait for the next collection. */
static void the_order_decides_which_tuples_are_untracked(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, never);
  gc_ref *slots = heap.frame.slots;
  const struct gc_shape single = {.fields = 1, .kind = GC_TUPLE};
  gc_new(heap.mutator, &slots[0], single);
  gc_new(heap.mutator, &slots[1], single);
  gc_store(heap.mutator, slots[0], 0, slots[1]);
  gc_ref inner = slots[1];
  gc_new(heap.mutator, &slots[1], atom);
  gc_store(heap.mutator, inner, 0, slots[1]);
  gc_collect(heap.mutator, 0);
  assert_false(object_is_untracked(counted_of(slots[0])));
  assert_true(object_is_untracked(counted_of(inner)));
  gc_collect(heap.mutator, 1);
  assert_true(object_is_untracked(counted_of(slots[0])));
  heap_finish(&heap);
}

/*
 * A tuple that was passed over and found again stands behind the one that refers to it, though it is older: found by
 * random programs beside CPython.
 */
static void a_moved_tuple_is_looked_at_last(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 3, never);
  gc_ref *slots = heap.frame.slots;
  const struct gc_shape single = {.fields = 1, .kind = GC_TUPLE};
  gc_new(heap.mutator, &slots[0], single);
  gc_new(heap.mutator, &slots[1], single);
  gc_new(heap.mutator, &slots[2], atom);
  gc_store(heap.mutator, slots[0], 0, slots[2]);
  gc_store(heap.mutator, slots[1], 0, slots[0]);
  gc_root(heap.mutator, &slots[0], NULL);
  gc_collect(heap.mutator, 0);
  assert_false(object_is_untracked(counted_of(slots[1])));
  assert_true(object_is_untracked(counted_of(gc_load(heap.mutator, slots[1], 0))));
  heap_finish(&heap);
}

/* e1_basics: a dict is tracked when a list is stored, stays so when it is removed, until a full collection. */
static void dicts_are_tracked_lazily(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 3, never);
  gc_ref *slots = heap.frame.slots;
  gc_new(heap.mutator, &slots[0], (struct gc_shape){.fields = 2, .kind = GC_DICT});
  gc_new(heap.mutator, &slots[1], (struct gc_shape){.kind = GC_LIST});
  gc_new(heap.mutator, &slots[2], atom);
  gc_store(heap.mutator, slots[0], 0, slots[2]);
  assert_true(object_is_untracked(counted_of(slots[0])));
  gc_store(heap.mutator, slots[0], 0, slots[1]);
  assert_false(object_is_untracked(counted_of(slots[0])));
  gc_store(heap.mutator, slots[0], 0, slots[2]);
  gc_collect(heap.mutator, 0);
  gc_collect(heap.mutator, 1);
  assert_false(object_is_untracked(counted_of(slots[0])));
  gc_collect(heap.mutator, 2);
  assert_true(object_is_untracked(counted_of(slots[0])));
  heap_finish(&heap);
}

static void garbage_drops_what_it_alone_held(void **state)
{
  (void)state;
  struct heap heap;
  gc_ref o[4];
  heap_start(&heap, 6, never);
  make_objects(&heap, 4, node, o); /* o0 and o1 are a cycle that holds an atom, and o2, which lives on */
  gc_new(heap.mutator, &heap.frame.slots[4], atom);
  gc_store(heap.mutator, o[0], 0, o[1]);
  gc_store(heap.mutator, o[1], 0, o[0]);
  gc_store(heap.mutator, o[0], 1, heap.frame.slots[4]);
  gc_store(heap.mutator, o[1], 1, o[2]);
  gc_root(heap.mutator, &heap.frame.slots[4], NULL);
  drop_all_but(&heap, 4, 2);
  assert_int_equal(heap_held(&heap), 4); /* o3 died at once */
  assert_int_equal(gc_collect(heap.mutator, 0), 2);
  assert_int_equal(heap_held(&heap), 1); /* the atom is freed with the cycle, but not counted as collected */
  assert_int_equal(counted_of(o[2])->count, 1);
  const struct journal_row *row = &heap.journal.rows[heap.journal.head->row_count - 1];
  assert_int_equal(row->kind, JOURNAL_COLLECTION);
  assert_int_equal(row->examined_objects, 3);
  assert_int_equal(row->followed_edges, 4);
  assert_int_equal(row->freed_objects, 3);
  assert_int_equal(row->survived_objects, 1);
  heap_finish(&heap);
}

/* An old object that only young garbage holds dies with it, in a cascade inside the collection. */
static void young_garbage_frees_old_objects(void **state)
{
  (void)state;
  struct heap heap;
  gc_ref o[3];
  heap_start(&heap, 3, never);
  make_objects(&heap, 2, node, o);
  gc_store(heap.mutator, o[0], 0, o[1]);
  gc_collect(heap.mutator, GC_FULL);
  gc_new(heap.mutator, &heap.frame.slots[2], node);
  gc_store(heap.mutator, heap.frame.slots[2], 0, heap.frame.slots[2]);
  gc_store(heap.mutator, heap.frame.slots[2], 1, o[0]);
  drop_all_but(&heap, 3, 3);
  assert_int_equal(heap_held(&heap), 3);
  assert_int_equal(gc_collect(heap.mutator, 0), 1);
  assert_int_equal(heap_held(&heap), 0);
  assert_int_equal(heap.mutator->counters.cascades, 0); /* part of the collection's pause */
  assert_order(&heap, 2, nothing, 0);
  heap_finish(&heap);
}

/* References from outside are kept modulo 256: 256 and 512 of them are not none. */
static void heavy_objects_are_told_from_garbage(void **state)
{
  (void)state;
  for (uint32_t outside = 0; outside <= 512; outside += 64) {
    struct heap heap;
    heap_start(&heap, 515, never);
    gc_ref *slots = heap.frame.slots;
    gc_new(heap.mutator, &slots[0], (struct gc_shape){.fields = 1, .kind = GC_INSTANCE});
    gc_new(heap.mutator, &slots[1], (struct gc_shape){.fields = 256, .kind = GC_INSTANCE});
    gc_store(heap.mutator, slots[0], 0, slots[1]);
    for (uint32_t i = 0; i < 256; i++) gc_store(heap.mutator, slots[1], i, slots[0]);
    for (uint32_t i = 0; i < outside; i++) gc_root(heap.mutator, &slots[2 + i], slots[0]);
    gc_root(heap.mutator, &slots[0], NULL);
    gc_root(heap.mutator, &slots[1], NULL);
    assert_int_equal(gc_collect(heap.mutator, GC_FULL), outside == 0 ? 2 : 0);
    assert_int_equal(heap_held(&heap), outside == 0 ? 0 : 2);
    heap_finish(&heap);
  }
}

static void a_long_list_and_a_long_ring_die(void **state)
{
  (void)state;
#ifdef GC_CHECKING
  enum { LENGTH = 500000 }; /* a checking build keeps a table of all objects */
#else
  enum { LENGTH = 10000000 };
#endif
  for (int is_ring = 0; is_ring < 2; is_ring++) {
    struct heap heap;
    heap_start(&heap, 3, never);
    gc_ref *slots = heap.frame.slots;
    for (uint32_t i = 0; i < LENGTH; i++) {
      gc_new(heap.mutator, &slots[1], node);
      gc_store(heap.mutator, slots[1], 0, slots[0]);
      gc_root(heap.mutator, &slots[0], slots[1]);
      if (i == 0) gc_root(heap.mutator, &slots[2], slots[1]);
    }
    if (is_ring) gc_store(heap.mutator, slots[2], 0, slots[0]);
    for (uint32_t i = 3; i-- > 0;) gc_root(heap.mutator, &slots[i], NULL);
    assert_int_equal(heap_held(&heap), is_ring ? LENGTH : 0);
    assert_int_equal(heap.mutator->counters.cascade_max_objects, is_ring ? 0 : LENGTH);
    assert_int_equal(gc_collect(heap.mutator, GC_FULL), is_ring ? LENGTH : 0);
    assert_int_equal(heap_held(&heap), 0);
    assert_int_equal(heap.mutator->counters.heap_bytes, 0);
    heap_finish(&heap);
  }
}

/* How many objects the root slots reach.  The raw bytes of each hold the number of the last walk that saw it. */
static uint64_t count_reachable(struct heap *heap, uint64_t walk, gc_ref *stack)
{
  uint64_t reached = 0;
  uint64_t depth = 0;
  const struct gc_frame *frame = &heap->frame;
  for (uint32_t i = 0; i < frame->count; i++) {
    if (frame->slots[i] != NULL) stack[depth++] = frame->slots[i];
  }
  while (depth > 0) {
    const gc_ref object = stack[--depth];
    const uint32_t fields = object_fields(counted_of(object));
    uint64_t *seen = gc_bytes(object, fields);
    if (*seen == walk) continue;
    *seen = walk;
    reached++;
    for (uint32_t i = 0; i < fields; i++) {
      const gc_ref referent = gc_load(heap->mutator, object, i);
      if (referent != NULL) stack[depth++] = referent;
    }
  }
  return reached;
}

/* Random graphs of every kind: after a full collection what is held is what is reachable, by a walk of the test's. */
static void random_graphs_keep_what_is_reachable(void **state)
{
  (void)state;
  enum { SLOTS = 24, STEPS = 30000, STACK = 1 << 16 };
  gc_ref *stack = calloc(STACK, sizeof(gc_ref));
  assert_non_null(stack);
  for (uint64_t seed = 1; seed <= 6; seed++) {
    struct heap heap;
    heap_start(&heap, SLOTS,
               (const struct heap_knob[]){{"threshold0", 5 << seed},
                                          {"threshold1", 3},
                                          {"threshold2", 3},
                                          {"python_free_lists", (int64_t)seed % 2},
                                          {NULL, 0}});
    struct random random;
    random_seed(&random, seed);
    gc_ref *slots = heap.frame.slots;
    for (uint32_t step = 1; step <= STEPS; step++) {
      gc_ref *slot = &slots[random_below(&random, SLOTS)];
      switch (random_below(&random, 4)) {
      case 0: {
        const enum gc_kind kind = (enum gc_kind)random_below(&random, 5);
        const uint32_t fields = kind == GC_ATOM ? 0 : random_below(&random, 5);
        gc_new(heap.mutator, slot, (struct gc_shape){.fields = fields, .bytes = 8, .kind = kind});
        /* A tuple is filled when it is made, as in CPython. */
        for (uint32_t i = 0; kind == GC_TUPLE && i < fields; i++)
          gc_store(heap.mutator, *slot, i, slots[random_below(&random, SLOTS)]);
        break;
      }
      case 1:
        gc_root(heap.mutator, slot, random_below(&random, 3) == 0 ? NULL : slots[random_below(&random, SLOTS)]);
        break;
      default: {
        if (*slot == NULL) break;
        const uint32_t fields = object_fields(counted_of(*slot));
        if (fields == 0 || header_kind(counted_of(*slot)->packed) == GC_TUPLE) break;
        gc_store(heap.mutator, *slot, random_below(&random, fields), slots[random_below(&random, SLOTS)]);
      }
      }
      if (step % 3000 != 0) continue;
      gc_collect(heap.mutator, GC_FULL);
      collector_check(heap.mutator);
      assert_int_equal(heap_held(&heap), count_reachable(&heap, step, stack));
    }
    heap_finish(&heap);
  }
  free(stack);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moved_objects_follow_in_order_of_traversal),
      cmocka_unit_test(the_closure_is_breadth_first),
      cmocka_unit_test(generations_merge_in_cpythons_order),
      cmocka_unit_test(holes_close_and_order_stays),
      cmocka_unit_test(tuples_are_untracked),
      cmocka_unit_test(the_order_decides_which_tuples_are_untracked),
      cmocka_unit_test(a_moved_tuple_is_looked_at_last),
      cmocka_unit_test(dicts_are_tracked_lazily),
      cmocka_unit_test(garbage_drops_what_it_alone_held),
      cmocka_unit_test(young_garbage_frees_old_objects),
      cmocka_unit_test(heavy_objects_are_told_from_garbage),
      cmocka_unit_test(a_long_list_and_a_long_ring_die),
      cmocka_unit_test(random_graphs_keep_what_is_reachable),
  };
  return cmocka_run_group_tests_name("refcount_cyclic", tests, NULL, NULL);
}
