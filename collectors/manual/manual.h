/*
 * manual, inside: the state and what its files do for one another.  manual.c tells the whole story.
 *
 *   manual.c    descriptor, lifecycle, the functions of gc.h
 *   schedule.c  the death schedule, read and turned into what is replayed
 */
#ifndef GCLAB_COLLECTORS_MANUAL_MANUAL_H
#define GCLAB_COLLECTORS_MANUAL_MANUAL_H

#include <stdio.h>

#include "collectors/collector.h"
#include "collectors/parts/cell.h"
#include "collectors/parts/mapping.h"
#include "collectors/parts/object_table.h"

/* A free that is to be done: so many operations after the one before, of the object in this seat. */
struct due {
  uint32_t operations;
  uint32_t seat;
};

/* No object: operations that one `due` has no room for. */
#define DUE_NO_SEAT UINT32_MAX

/*
 * What is replayed.  A seat is where the address of an object is kept while it is alive; the schedule says in advance
 * which object gets which, so that there are as many seats as objects are ever alive at once, not as many as objects.
 */
struct schedule {
  struct mapping due_memory;
  struct due *due; /* in the order in which they come */
  uint64_t due_count;
  uint32_t seat_count;
};

/* An object while it lives; a seat that is free, the next that is. */
union seat {
  char *object; /* its first field */
  uint64_t next;
};

struct manual {
  struct gc_mutator mutator;
  uint64_t until_due;     /* operations until the next object is to be freed */
  const struct due *next; /* of the schedule */
  union seat *seats;
  uint64_t free_seat;  /* the first of the free seats; seat_count of the schedule: none is */
  uint64_t seats_used; /* seats from here on have never been taken */
  struct cells cells;
  struct schedule schedule;
  struct mapping seat_memory;
  struct object_table objects; /* checking builds: every object that is not dead */
};

static inline struct manual *manual_of(struct gc_mutator *mutator) { return (struct manual *)(void *)mutator; }

/* Until which no program gets: nothing is due. */
#define MANUAL_NEVER UINT64_MAX

/*
 * schedule.c: reads the rows of a death schedule (parts/deaths.h) to their end.  False, after a message on standard
 * error: the file is damaged, or there is no memory.
 */
bool schedule_read(struct schedule *schedule, FILE *file);
void schedule_release(struct schedule *schedule);

#endif
