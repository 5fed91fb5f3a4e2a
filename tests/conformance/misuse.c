/* Broken rules, which checking builds name at once.  Each is broken in a process of its own, which must die of it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conformance/objects.h"

/* What the process that broke a rule wrote, and how it ended. */
struct death {
  char message[4096];
  int status;
};

static void read_all(int fd, char *text, size_t size)
{
  size_t used = 0;
  char rest[512];
  for (;;) {
    const bool room = used + 1 < size;
    const ssize_t got = room ? read(fd, text + used, size - 1 - used) : read(fd, rest, sizeof rest);
    if (got <= 0) break;
    if (room) used += (size_t)got;
  }
  text[used] = '\0';
}

static struct death watch(struct heap *heap, void (*misuse)(struct heap *))
{
  struct death death = {.status = 0};
  int ends[2];
  REQUIRE(pipe(ends) == 0, "no pipe");
  fflush(NULL);
  const pid_t child = fork();
  REQUIRE(child >= 0, "fork failed");
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    misuse(heap);
    _exit(0);
  }
  close(ends[1]);
  read_all(ends[0], death.message, sizeof death.message);
  close(ends[0]);
  REQUIRE(waitpid(child, &death.status, 0) == child, "waitpid failed");
  return death;
}

/* By abort() with a message of ours that gives an address, or by a sanitizer's report. */
static bool is_named(const struct death *death)
{
  const bool ours = WIFSIGNALED(death->status) && WTERMSIG(death->status) == SIGABRT &&
                    strstr(death->message, collector.name) != NULL &&
                    (strstr(death->message, "(0x") != NULL || strstr(death->message, "(nil)") != NULL);
  const bool reported =
      strstr(death->message, "AddressSanitizer") != NULL || strstr(death->message, "runtime error") != NULL;
  return ours || reported;
}

static void require_caught(struct heap *heap, const char *what, void (*misuse)(struct heap *))
{
  if (!build_is_checking()) conformance_skip("this is not a checking build");
  const struct death death = watch(heap, misuse);
  REQUIRE(!WIFEXITED(death.status) || WEXITSTATUS(death.status) != 0, "%s: nothing noticed it", what);
  REQUIRE(is_named(&death), "%s: ended with status %#x and this message: %s", what, death.status, death.message);
}

static void break_pop_order(struct heap *heap)
{
  GC_FRAME(older, 1);
  GC_FRAME(newer, 1);
  gc_push(heap->mutator, &older.frame);
  gc_push(heap->mutator, &newer.frame);
  gc_pop(heap->mutator, &older.frame);
}

static void break_pop_of_nothing(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_pop(heap->mutator, &frame.frame);
}

static void break_push_twice(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  gc_push(heap->mutator, &frame.frame);
}

static void break_new_outside_frames(struct heap *heap)
{
  gc_ref nowhere = NULL;
  gc_new(heap->mutator, &nowhere, node_shape);
}

static void break_new_in_popped_frame(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  gc_pop(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], node_shape);
}

static void break_root_outside_frames(struct heap *heap)
{
  GC_FRAME(frame, 1);
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[0], node_shape);
  gc_ref nowhere = NULL;
  gc_root(heap->mutator, &nowhere, frame.slot[0]);
}

static void break_slot_beyond_frame(struct heap *heap)
{
  GC_FRAME(frame, 4);
  frame.frame.count = 2;
  gc_push(heap->mutator, &frame.frame);
  gc_new(heap->mutator, &frame.slot[2], node_shape);
}

#define BREAK_FIELD(name, shape_fields, shape_bytes, field, access)                                                    \
  static void name(struct heap *heap)                                                                                  \
  {                                                                                                                    \
    GC_FRAME(frame, 1);                                                                                                \
    gc_push(heap->mutator, &frame.frame);                                                                              \
    gc_new(heap->mutator, &frame.slot[0], (struct gc_shape){shape_fields, shape_bytes, GC_INSTANCE});                  \
    const uint32_t index = field;                                                                                      \
    access;                                                                                                            \
  }

BREAK_FIELD(break_store_index, 3, 64, 3, gc_store(heap->mutator, frame.slot[0], index, frame.slot[0]))
BREAK_FIELD(break_load_index, 3, 64, 3, gc_load(heap->mutator, frame.slot[0], index))
BREAK_FIELD(break_store_index_of_atom, 0, 64, 0, gc_store(heap->mutator, frame.slot[0], index, NULL))
BREAK_FIELD(break_store_index_of_large, 20000, 64, 20000, gc_store(heap->mutator, frame.slot[0], index, NULL))
BREAK_FIELD(break_load_index_of_large, 20000, 64, 20001, gc_load(heap->mutator, frame.slot[0], index))
BREAK_FIELD(break_store_far, 3, 0, 1000, gc_store(heap->mutator, frame.slot[0], index, frame.slot[0]))
BREAK_FIELD(break_load_far, 3, 0, 1000, gc_load(heap->mutator, frame.slot[0], index))
BREAK_FIELD(break_store_into_null, 1, 8, 0, gc_store(heap->mutator, NULL, index, frame.slot[0]))

/* A raw reference to an object that has been freed since. */
static gc_ref stale_reference(struct heap *heap, gc_ref *slot, struct gc_shape shape)
{
  gc_new(heap->mutator, slot, shape);
  gc_ref stale = *slot;
  gc_root(heap->mutator, slot, NULL);
  stack_clear();
  gc_collect(heap->mutator, GC_FULL);
  collector_settle(heap->mutator);
  return stale;
}

#define BREAK_STALE(name, shape_fields, shape_bytes, access)                                                           \
  static void name(struct heap *heap)                                                                                  \
  {                                                                                                                    \
    GC_FRAME(frame, 2);                                                                                                \
    gc_push(heap->mutator, &frame.frame);                                                                              \
    gc_new(heap->mutator, &frame.slot[1], node_shape);                                                                 \
    const struct gc_shape shape = {shape_fields, shape_bytes, GC_INSTANCE};                                            \
    gc_ref stale = stale_reference(heap, &frame.slot[0], shape);                                                       \
    access;                                                                                                            \
  }

BREAK_STALE(break_store_into_freed, 2, 24, gc_store(heap->mutator, stale, 0, frame.slot[1]))
BREAK_STALE(break_store_of_freed, 2, 24, gc_store(heap->mutator, frame.slot[1], NODE_NEXT, stale))
BREAK_STALE(break_load_from_freed, 2, 24, gc_load(heap->mutator, stale, 1))
BREAK_STALE(break_root_of_freed, 2, 24, gc_root(heap->mutator, &frame.slot[0], stale))
BREAK_STALE(break_store_into_freed_large, 2, 300000, gc_store(heap->mutator, stale, 0, frame.slot[1]))

static void pop_out_of_order(struct heap *heap) { require_caught(heap, "a pop out of order", break_pop_order); }
static void pop_of_nothing(struct heap *heap) { require_caught(heap, "a pop of an empty stack", break_pop_of_nothing); }
static void push_twice(struct heap *heap) { require_caught(heap, "a frame pushed twice", break_push_twice); }

static void slots_in_no_frame(struct heap *heap)
{
  require_caught(heap, "gc_new into a C variable", break_new_outside_frames);
  require_caught(heap, "gc_new into a popped frame", break_new_in_popped_frame);
  require_caught(heap, "gc_root into a C variable", break_root_outside_frames);
  require_caught(heap, "gc_new beyond the frame's count", break_slot_beyond_frame);
}

static void field_out_of_range(struct heap *heap)
{
  require_caught(heap, "gc_store far beyond the object", break_store_far);
  require_caught(heap, "gc_load far beyond the object", break_load_far);
  if (can(COLLECTOR_EXTERNAL)) return; /* how many fields an object has need not be known to a peer */
  require_caught(heap, "gc_store one beyond the last field", break_store_index);
  require_caught(heap, "gc_load one beyond the last field", break_load_index);
  require_caught(heap, "gc_store into an object of no fields", break_store_index_of_atom);
  require_caught(heap, "gc_store beyond 20,000 fields", break_store_index_of_large);
  require_caught(heap, "gc_load beyond 20,000 fields", break_load_index_of_large);
}

static void null_object(struct heap *heap) { require_caught(heap, "gc_store into NULL", break_store_into_null); }

static void freed_object(struct heap *heap)
{
  if (!can(COLLECTOR_RECLAIMS)) conformance_skip("%s never frees", collector.name);
  if (can(COLLECTOR_EXTERNAL)) conformance_skip("what a peer has freed only the peer knows");
  require_caught(heap, "gc_store into a freed object", break_store_into_freed);
  require_caught(heap, "gc_store of a freed object", break_store_of_freed);
  require_caught(heap, "gc_load from a freed object", break_load_from_freed);
  require_caught(heap, "gc_root of a freed object", break_root_of_freed);
  require_caught(heap, "gc_store into a freed large object", break_store_into_freed_large);
}

static const struct conformance_test tests[] = {
    {"pop_out_of_order", pop_out_of_order, false},
    {"pop_of_nothing", pop_of_nothing, false},
    {"push_twice", push_twice, false},
    {"slots_in_no_frame", slots_in_no_frame, false},
    {"field_out_of_range", field_out_of_range, false},
    {"null_object", null_object, false},
    {"freed_object", freed_object, false},
};

CONFORMANCE_GROUP(misuse, tests);
