/*
 * A trial program that has run out of memory ends at once, and its heap with it.  Here that heap is verified before, in
 * a Release build too: whatever was refused, nothing may be half done.
 *
 * Not in the midst of a collection, nor while something dies that has hooks, as a hook may be called then: the heap is
 * not what it should be until they are over, and an end there is an end all the same.
 */
#include <stdbool.h>

#include "collectors/collector.h"
#include "collectors/parts/hooks.h"
#include "tests/faults/inject.h"

static struct collector_config checked;
static const struct collector_config *original;
static bool is_collecting, is_checking;

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that ld --wrap asks for */
struct gc_mutator *__real_collector_start(const struct collector_config *config);
void __real_journal_begin(struct journal *, enum journal_kind, enum journal_cause, int, uint64_t);
void __real_journal_end(struct journal *, const struct journal_work *, uint64_t);

void __wrap_journal_begin(struct journal *journal, enum journal_kind kind, enum journal_cause cause, int generation,
                          uint64_t heap_bytes)
{
  is_collecting = true;
  __real_journal_begin(journal, kind, cause, generation, heap_bytes);
}

void __wrap_journal_end(struct journal *journal, const struct journal_work *work, uint64_t heap_bytes)
{
  __real_journal_end(journal, work, heap_bytes);
  is_collecting = false;
}

static __attribute__((noreturn)) void out_of_memory(struct gc_mutator *mutator, uint64_t bytes)
{
  if (!is_collecting && !is_checking && !hooks_are_called(mutator->hooks)) {
    is_checking = true;
    inject_pause();
    collector_check(mutator);
    inject_resume();
    inject_count_check();
  }
  original->out_of_memory(mutator, bytes);
}

struct gc_mutator *__wrap_collector_start(const struct collector_config *config)
{
  original = config;
  checked = *config;
  checked.out_of_memory = out_of_memory;
  return __real_collector_start(&checked);
}
/* NOLINTEND(bugprone-reserved-identifier) */
