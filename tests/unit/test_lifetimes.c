/*
 * lifetimes against brute force: random programs, with a shadow of the heap in which everything reachable is found anew
 * after every operation.  Every object's row must say what the shadow says.
 */
#include "tests/unit/heap_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "collectors/parts/deaths.h"

enum { SLOTS = 6, POP_SLOTS = 2, FIELDS_MAX = 4, OBJECTS_MAX = 600, OPERATIONS = 3000, NOTHING = -1 };

/* An object's birth and death as brute force has them, and the graph as it is now. */
struct shadow_object {
  struct gc_shape shape;
  int fields[FIELDS_MAX];
  uint64_t birth_bytes; /* allocated by then */
  bool dead;
  struct death death;
  int count;   /* as counting has it; what it keeps never goes away */
  bool freed;  /* by counting */
  bool cyclic; /* in a dead cycle */
};

struct shadow {
  struct shadow_object objects[OBJECTS_MAX];
  int object_count;
  int slots[SLOTS], popped[POP_SLOTS];
  bool reachable[OBJECTS_MAX];
  uint64_t operation, bytes;
};

static struct shadow shadow;

static void reach(int from)
{
  if (from == NOTHING || shadow.reachable[from]) return;
  shadow.reachable[from] = true;
  for (uint32_t i = 0; i < shadow.objects[from].shape.fields; i++) reach(shadow.objects[from].fields[i]);
}

/* Does a path lead from an object's fields to `to`, through anything? */
static bool leads_to(int from, int to, bool *seen)
{
  for (uint32_t i = 0; i < shadow.objects[from].shape.fields; i++) {
    const int child = shadow.objects[from].fields[i];
    if (child == NOTHING) continue;
    if (child == to) return true;
    if (seen[child]) continue;
    seen[child] = true;
    if (leads_to(child, to, seen)) return true;
  }
  return false;
}

static void count_down(int object)
{
  if (object == NOTHING || --shadow.objects[object].count > 0 || shadow.objects[object].freed) return;
  shadow.objects[object].freed = true;
  for (uint32_t i = 0; i < shadow.objects[object].shape.fields; i++) count_down(shadow.objects[object].fields[i]);
}

static void count_up(int object)
{
  if (object != NOTHING) shadow.objects[object].count++;
}

/* After an operation: who has died of it? */
static void look(void)
{
  memset(shadow.reachable, 0, sizeof shadow.reachable);
  for (int i = 0; i < SLOTS; i++) reach(shadow.slots[i]);
  for (int i = 0; i < POP_SLOTS; i++) reach(shadow.popped[i]);
  for (int i = 0; i < shadow.object_count; i++) {
    struct shadow_object *object = &shadow.objects[i];
    if (object->dead || shadow.reachable[i]) continue;
    bool seen[OBJECTS_MAX] = {false};
    object->dead = true;
    object->cyclic = leads_to(i, i, seen);
    object->death = (struct death){.operation = shadow.operation,
                                   .clock_objects = (uint64_t)shadow.object_count,
                                   .clock_bytes = shadow.bytes,
                                   .object = (uint64_t)i,
                                   .lifetime_bytes = shadow.bytes - object->birth_bytes,
                                   .shape = object->shape};
  }
}

static void assign(int *place, int value)
{
  const int old = *place;
  count_up(value);
  *place = value;
  count_down(old);
}

static void new_object(struct gc_mutator *mutator, gc_ref *slot, int *place, struct gc_shape shape)
{
  const int number = shadow.object_count++;
  struct shadow_object *object = &shadow.objects[number];
  *object = (struct shadow_object){.shape = shape, .fields = {NOTHING, NOTHING, NOTHING, NOTHING}};
  gc_new(mutator, slot, shape);
  memcpy(gc_bytes(*slot, shape.fields), &number, sizeof number);
  shadow.operation++;
  shadow.bytes += shape.fields * sizeof(gc_ref) + shape.bytes;
  object->birth_bytes = shadow.bytes;
  assign(place, number);
  look();
}

static struct gc_shape draw_shape(struct random *random)
{
  const uint32_t fields = (uint32_t)random_below(random, FIELDS_MAX + 1);
  const uint32_t bytes = (uint32_t)sizeof(int) + (uint32_t)random_below(random, 60);
  return (struct gc_shape){.fields = fields, .bytes = bytes, .kind = fields == 0 ? GC_ATOM : GC_INSTANCE};
}

/* A frame that is pushed, filled and popped: several references go in one operation. */
static void push_and_pop(struct gc_mutator *mutator, const gc_ref *slots, struct random *random)
{
  GC_FRAME(frame, POP_SLOTS);
  gc_push(mutator, &frame.frame);
  for (int i = 0; i < POP_SLOTS; i++) {
    const uint64_t from = random_below(random, SLOTS);
    if (random_below(random, 3) == 0 && shadow.object_count < OBJECTS_MAX) {
      new_object(mutator, &frame.slot[i], &shadow.popped[i], draw_shape(random));
      continue;
    }
    gc_root(mutator, &frame.slot[i], slots[from]);
    shadow.operation++;
    assign(&shadow.popped[i], shadow.slots[from]);
    look();
  }
  gc_pop(mutator, &frame.frame);
  shadow.operation++;
  for (int i = 0; i < POP_SLOTS; i++) assign(&shadow.popped[i], NOTHING);
  look();
}

static void store(struct gc_mutator *mutator, const gc_ref *slots, struct random *random)
{
  const int into = (int)random_below(random, SLOTS);
  const int object = shadow.slots[into];
  if (object == NOTHING || shadow.objects[object].shape.fields == 0) return;
  const uint32_t field = (uint32_t)random_below(random, shadow.objects[object].shape.fields);
  const uint64_t from = random_below(random, SLOTS + 1);
  gc_store(mutator, slots[into], field, from == SLOTS ? NULL : slots[from]);
  shadow.operation++;
  assign(&shadow.objects[object].fields[field], from == SLOTS ? NOTHING : shadow.slots[from]);
  look();
}

/* From a field into a slot, often the slot by which the object hangs itself; or NULL. */
static void root(struct gc_mutator *mutator, gc_ref *slots, struct random *random)
{
  const int to = (int)random_below(random, SLOTS);
  const int from = random_below(random, 2) == 0 ? to : (int)random_below(random, SLOTS);
  const int object = shadow.slots[from];
  gc_ref value = slots[from];
  int number = object;
  if (object != NOTHING && shadow.objects[object].shape.fields > 0 && random_below(random, 4) != 0) {
    const uint32_t field = (uint32_t)random_below(random, shadow.objects[object].shape.fields);
    value = gc_load(mutator, slots[from], field);
    number = shadow.objects[object].fields[field];
  } else if (random_below(random, 2) == 0) {
    value = NULL;
    number = NOTHING;
  }
  gc_root(mutator, &slots[to], value);
  shadow.operation++;
  assign(&shadow.slots[to], number);
  look();
}

static void step(struct gc_mutator *mutator, gc_ref *slots, struct random *random)
{
  const uint64_t choice = random_below(random, 20);
  if (choice < 6 && shadow.object_count < OBJECTS_MAX) {
    const uint64_t slot = random_below(random, SLOTS);
    new_object(mutator, &slots[slot], &shadow.slots[slot], draw_shape(random));
  } else if (choice < 14) {
    store(mutator, slots, random);
  } else if (choice < 18) {
    root(mutator, slots, random);
  } else if (choice < 19) {
    push_and_pop(mutator, slots, random);
  } else if (random_below(random, 4) == 0) {
    gc_collect(mutator, GC_FULL);
  }
}

static void assert_death(const struct death *row, const struct shadow_object *object)
{
  const struct death *expected = &object->death;
  assert_int_equal(row->operation, expected->operation);
  assert_int_equal(row->clock_objects, expected->clock_objects);
  assert_int_equal(row->clock_bytes, expected->clock_bytes);
  assert_int_equal(row->lifetime_bytes, expected->lifetime_bytes);
  assert_int_equal(row->shape.fields, expected->shape.fields);
  assert_int_equal(row->shape.bytes, expected->shape.bytes);
  assert_int_equal(row->shape.kind, expected->shape.kind);
  const unsigned kept = object->freed ? 0 : DEATH_KEPT_BY_COUNTING;
  const unsigned cyclic = object->cyclic ? DEATH_IN_CYCLE : 0;
  assert_int_equal(row->flags, kept | cyclic);
}

/* Every object has one row, in the order of deaths. */
static void assert_rows(FILE *file)
{
  struct death_stream stream = {.file = file};
  struct death row;
  bool seen[OBJECTS_MAX] = {false};
  uint64_t last = 0;
  rewind(file);
  while (death_read(&stream, &row) == DEATH_ROW) {
    assert_true(row.object < (uint64_t)shadow.object_count);
    assert_false(seen[row.object]);
    seen[row.object] = true;
    assert_true(row.operation >= last);
    last = row.operation;
    assert_death(&row, &shadow.objects[row.object]);
  }
  assert_int_equal(death_read(&stream, &row), DEATH_END);
  assert_int_equal(stream.rows, shadow.object_count);
}

static void run_program(uint64_t seed, int64_t stress)
{
  memset(&shadow, 0, sizeof shadow);
  for (int i = 0; i < SLOTS; i++) shadow.slots[i] = NOTHING;
  for (int i = 0; i < POP_SLOTS; i++) shadow.popped[i] = NOTHING;
  struct heap heap;
  const struct heap_knob changes[] = {{"stress", stress}, {0}};
  heap_start(&heap, SLOTS, changes);
  FILE *file = tmpfile();
  assert_non_null(file);
  heap.config.report = file;
  collector_finish(heap.mutator); /* again, with the report */
  heap.mutator = collector_start(&heap.config);
  gc_push(heap.mutator, &heap.frame);
  struct random random;
  random_seed(&random, seed);
  for (int i = 0; i < OPERATIONS; i++) step(heap.mutator, heap.frame.slots, &random);
  collector_check(heap.mutator);
  for (int i = 0; i < SLOTS; i++) { /* all dies */
    gc_root(heap.mutator, &heap.frame.slots[i], NULL);
    shadow.operation++;
    assign(&shadow.slots[i], NOTHING);
    look();
  }
  collector_settle(heap.mutator);
  assert_int_equal(heap.mutator->counters.freed_objects, shadow.object_count);
  assert_rows(file);
  heap_finish(&heap);
  fclose(file);
}

static void test_deaths_are_exact(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    run_program(seed, 0);  /* traces only where the program asks for one */
    run_program(seed, 1);  /* at every allocation */
    run_program(seed, 17); /* now and then */
  }
}

static void test_survivors_have_rows(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 2, (const struct heap_knob[]){{0}});
  FILE *file = tmpfile();
  heap.config.report = file;
  collector_finish(heap.mutator);
  heap.mutator = collector_start(&heap.config);
  gc_push(heap.mutator, &heap.frame);
  const struct gc_shape shape = {.fields = 1, .bytes = 8, .kind = GC_INSTANCE};
  gc_new(heap.mutator, &heap.frame.slots[0], shape);                   /* operation 1: object 0 */
  gc_new(heap.mutator, &heap.frame.slots[1], shape);                   /* 2: object 1 */
  gc_store(heap.mutator, heap.frame.slots[0], 0, heap.frame.slots[1]); /* 3 */
  gc_new(heap.mutator, &heap.frame.slots[1], shape);                   /* 4: object 2; 1 lives on */
  gc_store(heap.mutator, heap.frame.slots[0], 0, NULL);                /* 5: object 1 dies */
  collector_settle(heap.mutator);
  rewind(file);
  struct death_stream stream = {.file = file};
  struct death row;
  assert_int_equal(death_read(&stream, &row), DEATH_ROW);
  assert_int_equal(row.object, 1);
  assert_int_equal(row.operation, 5);
  assert_int_equal(row.lifetime_bytes, 16);
  assert_int_equal(row.flags, 0);
  for (uint64_t number = 0; number <= 2; number += 2) {
    assert_int_equal(death_read(&stream, &row), DEATH_ROW);
    assert_int_equal(row.object, number);
    assert_int_equal(row.flags, DEATH_AT_END);
  }
  assert_int_equal(death_read(&stream, &row), DEATH_END);
  heap_finish(&heap);
  fclose(file);
}

/* A weak reference is cleared at a trace; what it gives back before that dies again, and later. */
static void test_weak_reference_prolongs_a_life(void **state)
{
  (void)state;
  struct heap heap;
  heap_start(&heap, 3, (const struct heap_knob[]){{0}});
  FILE *file = tmpfile();
  heap.config.report = file;
  collector_finish(heap.mutator);
  heap.mutator = collector_start(&heap.config);
  gc_push(heap.mutator, &heap.frame);
  gc_ref *slots = heap.frame.slots;
  const struct gc_shape shape = {.fields = 1, .bytes = 8, .kind = GC_INSTANCE};
  gc_new(heap.mutator, &slots[0], shape);
  gc_new_weak(heap.mutator, &slots[1], &slots[0], (struct gc_hook){0});
  gc_root(heap.mutator, &slots[0], NULL);                                /* dead, for now */
  gc_root(heap.mutator, &slots[2], gc_weak_get(heap.mutator, slots[1])); /* and alive again */
  assert_non_null(slots[2]);
  gc_collect(heap.mutator, GC_FULL);
  assert_ptr_equal(gc_weak_get(heap.mutator, slots[1]), slots[2]);
  gc_new(heap.mutator, &slots[0], shape);
  gc_root(heap.mutator, &slots[2], NULL);
  const uint64_t clock = heap.mutator->counters.allocated_bytes;
  gc_collect(heap.mutator, GC_FULL);
  assert_null(gc_weak_get(heap.mutator, slots[1]));
  rewind(file);
  struct death_stream stream = {.file = file};
  struct death row;
  fflush(file);
  assert_int_equal(death_read(&stream, &row), DEATH_ROW);
  assert_int_equal(row.object, 0);
  assert_int_equal(row.clock_bytes, clock);
  assert_int_equal(row.lifetime_bytes, clock - 16);
  heap_finish(&heap);
  fclose(file);
}

static void test_damaged_rows_are_refused(void **state)
{
  (void)state;
  FILE *file = tmpfile();
  assert_non_null(file);
  struct death_stream out = {.file = file};
  const struct death rows[] = {{.operation = 7,
                                .clock_objects = 3,
                                .clock_bytes = 100,
                                .object = 2,
                                .lifetime_bytes = 0,
                                .shape = {1, 2, GC_LIST}},
                               {.operation = UINT64_MAX,
                                .clock_objects = UINT64_MAX,
                                .clock_bytes = UINT64_MAX,
                                .object = 0,
                                .lifetime_bytes = UINT64_MAX,
                                .shape = {UINT32_MAX, UINT32_MAX, GC_WEAK},
                                .flags = 7}};
  assert_true(death_write(&out, &rows[0]) && death_write(&out, &rows[1]));
  const long end = ftell(file);
  rewind(file);
  struct death_stream in = {.file = file};
  struct death row;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(death_read(&in, &row), DEATH_ROW);
    assert_int_equal(row.operation, rows[i].operation);
    assert_int_equal(row.object, rows[i].object);
    assert_int_equal(row.shape.bytes, rows[i].shape.bytes);
    assert_int_equal(row.flags, rows[i].flags);
  }
  assert_int_equal(death_read(&in, &row), DEATH_END);
  assert_int_equal(ftruncate(fileno(file), end - 1), 0);
  rewind(file);
  in = (struct death_stream){.file = file};
  assert_int_equal(death_read(&in, &row), DEATH_ROW);
  assert_int_equal(death_read(&in, &row), DEATH_DAMAGED);
  fclose(file);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deaths_are_exact),
      cmocka_unit_test(test_survivors_have_rows),
      cmocka_unit_test(test_weak_reference_prolongs_a_life),
      cmocka_unit_test(test_damaged_rows_are_refused),
  };
  return cmocka_run_group_tests_name("lifetimes", tests, NULL, NULL);
}
