/*
 * The contract checker catches what it is for: each test breaks one rule of gc.h in a process of its own, which must
 * end by an abort that names the rule; programs that keep the rules must not.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/collector.h"
#include "tests/unit/cmocka_all.h"

enum { A, B, SLOTS };

static const struct gc_shape pair = {.fields = 2, .bytes = 5, .kind = GC_INSTANCE};

static volatile uint64_t sink; /* what is read must be read */

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  (void)mutator;
  fprintf(stderr, "out of memory: %llu\n", (unsigned long long)bytes);
  _exit(3);
}

typedef void mutation(struct gc_mutator *mutator, gc_ref *slot);

static _Noreturn void run_program(mutation *program, int64_t every)
{
  static struct journal journal;
  const int64_t knobs[] = {every, 0};
  const struct collector_config config = {.knobs = knobs, .journal = &journal, .out_of_memory = out_of_memory};
  struct gc_mutator *mutator = collector_start(&config);
  if (mutator == NULL) _exit(4);
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  program(mutator, frame.slot);
  gc_pop(mutator, &frame.frame);
  collector_settle(mutator);
  const bool all_freed = mutator->counters.freed_objects == mutator->counters.allocated_objects;
  collector_finish(mutator);
  _exit(all_freed ? 0 : 5);
}

/* Runs the program in a child; returns its wait status, and what it said in `said`. */
static int run_child(mutation *program, int64_t every, char *said, size_t size)
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    run_program(program, every);
  }
  close(ends[1]);
  FILE *text = fdopen(ends[0], "r");
  said[fread(said, 1, size - 1, text)] = '\0';
  fclose(text);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void must_abort(mutation *program, const char *rule)
{
  char said[512];
  const int status = run_child(program, 1, said, sizeof said);
  if (strstr(said, rule) == NULL) print_message("said: %s\n", said);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(said, rule));
}

static void must_pass(mutation *program, int64_t every)
{
  char said[512];
  const int status = run_child(program, every, said, sizeof said);
  if (status != 0) print_message("said: %s\n", said);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- programs that keep the rules --- */

static void well_behaved(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  for (int i = 0; i < 1000; i++) {
    gc_new(mutator, &slot[B], pair);
    memset(gc_bytes(slot[B], 2), i, 5);
    gc_store(mutator, slot[B], 0, gc_load(mutator, slot[A], 0));
    gc_store(mutator, slot[B], 1, slot[B]);
    gc_store(mutator, slot[A], 0, slot[B]);
    if (i % 10 == 9) gc_store(mutator, slot[A], 0, NULL);
  }
  gc_root(mutator, &slot[B], gc_load(mutator, slot[A], 0));
}

static void nothing(struct gc_mutator *mutator, gc_ref *slot)
{
  (void)mutator;
  (void)slot;
}

static void test_kept_rules(void **state)
{
  (void)state;
  must_pass(nothing, 1);
  for (int64_t every = 1; every <= 5; every++) must_pass(well_behaved, every);
  must_pass(well_behaved, 1000000);
}

/* --- and programs that do not --- */

static void holds_bytes(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  const unsigned char *bytes = gc_bytes(slot[A], 2);
  gc_new(mutator, &slot[B], pair);
  sink = bytes[0];
}

static void loads_from_raw(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  const gc_ref raw = slot[A];
  gc_root(mutator, &slot[B], NULL);
  sink = (uint64_t)(uintptr_t)gc_load(mutator, raw, 0);
}

static void stores_raw_value(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  const gc_ref raw = slot[A];
  gc_new(mutator, &slot[B], pair);
  gc_store(mutator, slot[B], 0, raw);
}

static void stores_into_raw(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  const gc_ref raw = slot[A];
  gc_new(mutator, &slot[B], pair);
  gc_store(mutator, raw, 0, slot[B]);
}

static void roots_raw_value(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  const gc_ref raw = slot[A];
  gc_collect(mutator, GC_FULL);
  gc_root(mutator, &slot[B], raw);
}

static void holds_over_pop(struct gc_mutator *mutator, gc_ref *slot)
{
  GC_FRAME(inner, 1);
  gc_push(mutator, &inner.frame);
  gc_new(mutator, &inner.slot[0], pair);
  const gc_ref raw = inner.slot[0];
  gc_pop(mutator, &inner.frame);
  gc_root(mutator, &slot[A], raw);
}

static void holds_over_store(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  gc_new(mutator, &slot[B], pair);
  gc_store(mutator, slot[A], 0, slot[B]);
  gc_root(mutator, &slot[B], NULL);
  const gc_ref inner = gc_load(mutator, slot[A], 0);
  gc_store(mutator, slot[A], 0, NULL);
  gc_store(mutator, inner, 0, NULL);
}

/* b holds itself, and nothing else does once the slot is cleared behind the collector's back. */
static void stores_into_unreachable(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[B], pair);
  gc_store(mutator, slot[B], 0, slot[B]);
  const gc_ref raw = slot[B];
  slot[B] = NULL;
  gc_store(mutator, raw, 0, NULL);
}

static void writes_field_itself(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  gc_new(mutator, &slot[B], pair);
  ((gc_ref *)(void *)slot[A])[0] = slot[B];
  gc_root(mutator, &slot[A], slot[A]);
}

static void writes_slot_itself(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  slot[B] = slot[A];
  gc_new(mutator, &slot[A], pair);
}

static void writes_too_far(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  memset(gc_bytes(slot[A], 2), 0xff, 6);
  gc_root(mutator, &slot[B], NULL);
}

static void allocates_into_local(struct gc_mutator *mutator, gc_ref *slot)
{
  (void)slot;
  gc_ref local = NULL;
  gc_new(mutator, &local, pair);
}

static void roots_local(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_ref local = NULL;
  gc_new(mutator, &slot[A], pair);
  gc_root(mutator, &local, slot[A]);
}

static void loads_beyond_fields(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], pair);
  sink = (uint64_t)(uintptr_t)gc_load(mutator, slot[A], 2);
}

static void pops_out_of_turn(struct gc_mutator *mutator, gc_ref *slot)
{
  (void)slot;
  GC_FRAME(first, 1);
  GC_FRAME(second, 1);
  gc_push(mutator, &first.frame);
  gc_push(mutator, &second.frame);
  gc_pop(mutator, &first.frame);
}

static void makes_atom_with_fields(struct gc_mutator *mutator, gc_ref *slot)
{
  gc_new(mutator, &slot[A], (struct gc_shape){.fields = 1, .kind = GC_ATOM});
}

static const struct {
  mutation *program;
  const char *rule;
} violations[] = {
    {holds_bytes, "a raw reference was used after a safepoint"},
    {loads_from_raw, "gc_load: no object is there now"},
    {stores_raw_value, "gc_store: the value is not an object now"},
    {stores_into_raw, "gc_store: no object is there now"},
    {roots_raw_value, "gc_root: no object is there now"},
    {holds_over_pop, "gc_root: no object is there now"},
    {holds_over_store, "gc_store: no object is there now"},
    {stores_into_unreachable, "gc_store: the field's old value alone kept this object alive"},
    {writes_field_itself, "not by gc_new, gc_root or gc_store"},
    {writes_slot_itself, "not by gc_new, gc_root or gc_store"},
    {writes_too_far, "beyond the end of this object"},
    {allocates_into_local, "gc_new: the slot is in no frame"},
    {roots_local, "gc_root: the slot is in no frame"},
    {loads_beyond_fields, "no such field"},
    {pops_out_of_turn, "not the topmost"},
    {makes_atom_with_fields, "an atom has no references"},
};

static void test_broken_rules(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++)
    must_abort(violations[i].program, violations[i].rule);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kept_rules),
      cmocka_unit_test(test_broken_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
