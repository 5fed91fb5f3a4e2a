/*
 * machine: the interpreter, inside.
 *
 *   interpret.c  the run: ranges of operations, actions, the end
 *   operate.c    what each operation does
 *   object.c     what script objects are made of: payloads, fields, keys
 *   ask.c        quantities, print, expect
 *   observe.c    observations, and the trace
 *
 * INVARIANTS
 *  - No raw reference is kept over a safepoint: what must live is in a root slot (slots, or a range's frame).
 *  - Outside of an operation the slots of ranges' frames hold nothing but `self`, so that counts are the script's own.
 */
#ifndef GCLAB_HARNESS_SCRIPT_MACHINE_H
#define GCLAB_HARNESS_SCRIPT_MACHINE_H

#include "collectors/parts/object_table.h"
#include "harness/script/interpret.h"
#include "harness/script/oracle.h"

/* In front of the raw bytes that the script asked for; of a dict, its keys stand between. */
struct script_payload {
  uint32_t number; /* of the object, from 1 up */
  uint32_t type;   /* class, or SCRIPT_NOBODY */
  uint32_t length; /* of a list: elements; of a dict: entries in use, holes too */
  uint32_t bytes;  /* raw bytes that the script asked for */
};

struct machine;

struct machine_action {
  struct machine *machine;
  uint32_t action;
  uint64_t runs;
};

struct machine {
  struct gc_mutator *mutator;
  const struct script *script;
  const struct interpreter_options *options;
  struct interpreter_result result;
  struct oracle *oracle; /* NULL: none */
  struct gc_frame frame;
  gc_ref *slots; /* of the roots */
  struct machine_action *actions;
  struct object_table shapes; /* packed, by address; empty where the collector keeps them itself (object.c) */
  uint32_t *weak_numbers;     /* of weak references, by their entry (parts/hooks.h) */
  size_t weak_capacity;
  uint32_t objects; /* made so far */
  uint32_t depth;   /* of actions */
  int64_t found;    /* by the last collect */
  int64_t returned; /* by the operation at hand, for observations; -1: nothing */
  bool is_over;     /* roots are being dropped at the end: nothing is observed any more */
  bool has_polls;   /* the collector waits for COLLECTOR_ORDER_POLL */
  bool stopped;     /* an operation was not possible */
  int64_t frozen_before;
  struct gc_counters before; /* counters when the script began */
  uint64_t said;             /* bits: operations of which it has been said that the collector cannot do them */
  uint64_t said_quantities;
  uint64_t traced_collections;
};

enum { RANGE_TEMPORARY, RANGE_TARGET, RANGE_ARGUMENTS, RANGE_SLOTS };

/* A range of operations that is run: the outermost one, or an action. */
struct range {
  const gc_ref *self; /* the slot of what the action is about; NULL: no action */
  gc_ref *temporary;  /* RANGE_SLOTS root slots */
};

/* A reference that was looked up, good until the next safepoint; false: there is no such thing. */
struct machine_place {
  gc_ref object;
  uint32_t index;
};

/* object.c */
/* Memory that the script's run needs; where there is none it is out of memory, as a collector would be. */
void *machine_require(struct machine *machine, void *memory, uint64_t bytes);
struct gc_shape machine_shape(const struct machine *machine, gc_ref object);
/* The object has just been made, in this shape.  Does nothing where the collector keeps shapes. */
void machine_note_shape(struct machine *machine, gc_ref object, struct gc_shape shape);
struct script_payload *machine_payload(const struct machine *machine, gc_ref object);
struct gc_shape machine_shape_of_op(const struct machine *machine, const struct script_op *op);
/* Fills in the payload of an object that has just been made. */
void machine_fill(struct machine *machine, gc_ref object, const struct script_op *op, uint32_t number);
/* The field as an index; false where the object has none of that name or number. */
bool machine_locate(const struct machine *machine, gc_ref object, uint32_t field, uint32_t *index);
bool machine_value(const struct machine *machine, const struct range *range, const struct script_value *value,
                   gc_ref *reference);
gc_ref machine_root(const struct machine *machine, const struct range *range, uint32_t root);
uint32_t machine_number(const struct machine *machine, gc_ref object); /* 0: none */
void machine_note_weak(struct machine *machine, gc_ref weak, uint32_t number);
uint32_t *machine_keys(const struct machine *machine, gc_ref dict);
int64_t machine_length(const struct machine *machine, gc_ref object);

/* operate.c: false: it is not possible; why says what is missing (512 bytes). */
bool machine_operate(struct machine *machine, const struct range *range, const struct script_op *op, char *why);
void machine_assign(struct machine *machine, uint32_t root, gc_ref value);

/* ask.c */
bool machine_ask(struct machine *machine, const struct range *range, const struct script_term *term, int64_t *answer,
                 bool *is_known, char *why);
bool machine_print(struct machine *machine, const struct range *range, const struct script_op *op, char *why);
bool machine_expect(struct machine *machine, const struct range *range, const struct script_op *op, char *why);
void machine_say_unsupported(struct machine *machine, uint64_t *said, unsigned bit, const char *what);
void machine_say(const struct machine *machine, const struct script_op *op, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* observe.c */
void machine_observe_begin(struct machine *machine);
void machine_observe(struct machine *machine, const struct range *range, const struct script_op *op);
void machine_trace_before(struct machine *machine, size_t position);
void machine_trace_after(struct machine *machine);

/* interpret.c: what hooks call. */
void machine_run_action(struct gc_mutator *mutator, gc_ref *slot, void *context);

#endif
