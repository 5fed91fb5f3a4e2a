/*
 * The death schedule of a program, turned into what is replayed while it runs.
 *
 * Rows number objects in the order of their allocation.  To keep an address for each of them would take eight bytes an
 * object that was ever made, spread over the whole run; so the reading plays the program's births and deaths through,
 * and gives each object a seat: the one that was left last, or else a new one.  The run does the same, and so finds the
 * same seats without any numbers.
 */
#include "collectors/manual/manual.h"

#include <string.h>

#include "collectors/parts/deaths.h"

/* Births and deaths as they are played through. */
struct seating {
  struct mapping of_memory, free_memory;
  uint32_t *of;   /* seats by the number of their object */
  uint32_t *free; /* seats that were left, the last on top */
  uint64_t free_count, born;
};

static bool complain(const char *what)
{
  fprintf(stderr, "gclab: manual: the death schedule %s\n", what);
  return false;
}

static bool no_memory(void) { return complain("does not fit into memory"); }

static bool add_due(struct schedule *schedule, uint64_t operations, uint32_t seat)
{
  const uint64_t bytes = (schedule->due_count + 1) * sizeof *schedule->due;
  if (bytes > schedule->due_memory.bytes) {
    if (!mapping_grow(&schedule->due_memory, bytes)) return no_memory();
    schedule->due = schedule->due_memory.memory;
  }
  if (operations > UINT32_MAX) {
    schedule->due[schedule->due_count++] = (struct due){.operations = UINT32_MAX, .seat = DUE_NO_SEAT};
    return add_due(schedule, operations - UINT32_MAX, seat);
  }
  schedule->due[schedule->due_count++] = (struct due){.operations = (uint32_t)operations, .seat = seat};
  return true;
}

/* All that is born until then sits down. */
static bool seat_until(struct seating *seating, struct schedule *schedule, uint64_t clock_objects)
{
  if (clock_objects == 0) return complain("is damaged: it has deaths before births");
  if (clock_objects > UINT32_MAX - 1) return complain("has more objects than manual can seat");
  if (clock_objects * sizeof *seating->of > seating->of_memory.bytes) {
    if (!mapping_grow(&seating->of_memory, clock_objects * sizeof *seating->of) ||
        !mapping_grow(&seating->free_memory, seating->of_memory.bytes))
      return no_memory();
    seating->of = seating->of_memory.memory;
    seating->free = seating->free_memory.memory;
  }
  if (seating->of == NULL) return no_memory();
  for (; seating->born < clock_objects; seating->born++)
    seating->of[seating->born] =
        seating->free_count > 0 ? seating->free[--seating->free_count] : schedule->seat_count++;
  return true;
}

static bool add_death(struct seating *seating, struct schedule *schedule, const struct death *death,
                      uint64_t *operation)
{
  if (!seat_until(seating, schedule, death->clock_objects)) return false;
  uint32_t *seat = &seating->of[death->object];
  if (*seat == DUE_NO_SEAT) return complain("has an object that dies twice");
  if ((death->flags & DEATH_AT_END) != 0) return true;
  if (!add_due(schedule, death->operation - *operation, *seat)) return false;
  *operation = death->operation;
  seating->free[seating->free_count++] = *seat;
  *seat = DUE_NO_SEAT;
  return true;
}

static bool read_rows(struct schedule *schedule, struct seating *seating, FILE *file)
{
  struct death_stream stream = {.file = file};
  struct death death;
  uint64_t operation = 0;
  for (;;) {
    switch (death_read(&stream, &death)) {
    case DEATH_DAMAGED:
      return complain("is damaged: make it anew (gclab characterise --deaths)");
    case DEATH_END:
      return true;
    case DEATH_ROW:
      if (!add_death(seating, schedule, &death, &operation)) return false;
    }
  }
}

bool schedule_read(struct schedule *schedule, FILE *file)
{
  struct seating seating = {0};
  *schedule = (struct schedule){0};
  const bool done = read_rows(schedule, &seating, file);
  mapping_release(&seating.of_memory);
  mapping_release(&seating.free_memory);
  if (!done) schedule_release(schedule);
  return done;
}

void schedule_release(struct schedule *schedule)
{
  mapping_release(&schedule->due_memory);
  *schedule = (struct schedule){0};
}
