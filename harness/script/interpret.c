/* The run of a script. */
#include "harness/script/interpret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/script/machine.h"

enum { WHY_MAX = 512 };

/* A loop that is being run. */
struct loop {
  size_t begin; /* of its body */
  int64_t left; /* rounds after this one */
};

static void run_operation(struct machine *machine, const struct range *range, size_t position)
{
  const struct script_op *op = &machine->script->ops[position];
  const struct interpreter_options *options = machine->options;
  char why[WHY_MAX];
  machine->result.operations++;
  if (options->operations_max != 0 && machine->result.operations > options->operations_max) {
    machine_say(machine, op, "the script runs more than %llu operations", (unsigned long long)options->operations_max);
    machine->stopped = true;
    return;
  }
  if (machine->oracle != NULL) oracle_at(machine->oracle, op->line, machine->result.operations);
  if (options->trace) machine_trace_before(machine, position);
  machine->returned = -1;
  const bool is_done = machine_operate(machine, range, op, why);
  const bool returns = op->code == SCRIPT_COLLECT || op->code == SCRIPT_DEREF;
  const int64_t returned = returns ? machine->returned : -1; /* not what an action in between did, or one at the poll */
  if (!is_done && (op->flags & SCRIPT_TRY) == 0) {
    machine_say(machine, op, "%s", why);
    machine->stopped = true;
    return;
  }
  if (machine->has_polls) collector_order(machine->mutator, COLLECTOR_ORDER_POLL, 0, NULL, 0);
  machine->returned = returned;
  machine_observe(machine, range, op);
  if (options->trace) machine_trace_after(machine);
}

/* Where the operation after this one is, given the loops that are open. */
static size_t run_control(const struct machine *machine, size_t position, struct loop *loops, uint32_t *depth)
{
  const struct script_op *op = &machine->script->ops[position];
  if (op->code == SCRIPT_ACTION) return (size_t)op->target + 1;
  if (op->code == SCRIPT_REPEAT) {
    if (op->number == 0) return (size_t)op->target + 1;
    loops[(*depth)++] = (struct loop){position + 1, op->number - 1};
    return position + 1;
  }
  struct loop *loop = &loops[*depth - 1];
  if (loop->left-- > 0) return loop->begin;
  (*depth)--;
  return position + 1;
}

static void run_range(struct machine *machine, size_t begin, size_t end, const gc_ref *self)
{
  struct loop loops[SCRIPT_NESTING_MAX] = {{0}};
  uint32_t depth = 0;
  GC_FRAME(frame, RANGE_SLOTS);
  const struct range range = {.self = self, .temporary = frame.slot};
  gc_push(machine->mutator, &frame.frame);
  for (size_t position = begin; position < end && !machine->stopped;) {
    const uint8_t code = machine->script->ops[position].code;
    if (code == SCRIPT_REPEAT || code == SCRIPT_ACTION || code == SCRIPT_END) {
      position = run_control(machine, position, loops, &depth);
    } else {
      run_operation(machine, &range, position++);
    }
  }
  gc_pop(machine->mutator, &frame.frame);
}

void machine_run_action(struct gc_mutator *mutator, gc_ref *slot, void *context)
{
  struct machine_action *record = context;
  struct machine *machine = record->machine;
  const struct script_op *op = &machine->script->ops[machine->script->actions[record->action].position];
  const size_t begin = machine->script->actions[record->action].position + (size_t)1;
  const uint32_t number = machine_number(machine, *slot);
  if (machine->oracle != NULL) {
    oracle_hold(machine->oracle, number);
    if (machine_shape(machine, *slot).kind == GC_WEAK) {
      oracle_callback_runs(machine->oracle, number);
    } else {
      oracle_finalizer_runs(machine->oracle, number, *slot);
    }
  }
  if (machine->has_polls) collector_order(mutator, COLLECTOR_ORDER_POLL, 0, NULL, 0); /* a function begins */
  record->runs++;
  machine->depth++;
  run_range(machine, begin, op->target, slot);
  machine->depth--;
  if (machine->oracle == NULL) return;
  oracle_release(machine->oracle, number);
  oracle_finalizer_ran(machine->oracle, number);
}

static void open_machine(struct machine *machine)
{
  const struct script *script = machine->script;
  const size_t roots = script->root_count + 1;
  const size_t actions = script->action_count + 1;
  machine->slots = machine_require(machine, calloc(roots, sizeof(gc_ref)), roots * sizeof(gc_ref));
  machine->actions = machine_require(machine, calloc(actions, sizeof *machine->actions), actions);
  for (uint32_t i = 0; i < script->action_count; i++)
    machine->actions[i] = (struct machine_action){.machine = machine, .action = i};
  machine->frame = (struct gc_frame){.slots = machine->slots, .count = (uint32_t)script->root_count};
  machine->before = machine->mutator->counters;
  const int64_t frozen = collector_ask(machine->mutator, COLLECTOR_ASK_FROZEN, 0, NULL);
  machine->frozen_before = frozen == COLLECTOR_NO_ANSWER ? 0 : frozen;
  machine->has_polls = collector_order(machine->mutator, COLLECTOR_ORDER_EXPLICIT_POLLS, 0, NULL, 1);
  gc_push(machine->mutator, &machine->frame);
  if (machine->options->with_oracle)
    machine->oracle = oracle_open(machine->mutator, machine->slots, (uint32_t)script->root_count);
  machine_observe_begin(machine);
}

/* Finalizers may put something into a root again; for so many rounds it is dropped again. */
static void drop_roots(struct machine *machine)
{
  enum { ROUNDS = 16 };
  bool is_empty = false;
  for (int round = 0; round < ROUNDS && !is_empty; round++) {
    for (uint32_t i = 0; i < machine->frame.count; i++) machine_assign(machine, i, NULL);
    is_empty = true;
    for (uint32_t i = 0; i < machine->frame.count; i++) is_empty &= machine->slots[i] == NULL;
  }
}

/*
 * Finalizers that the end sets off run, unless the script was stopped; behind the last comparison none does anything.
 */
static void close_machine(struct machine *machine)
{
  machine->is_over = true;
  drop_roots(machine);
  if (machine->oracle != NULL && !machine->stopped) {
    machine->found = (int64_t)gc_collect(machine->mutator, GC_FULL);
    oracle_collected_fully(machine->oracle);
  }
  if (machine->oracle != NULL) oracle_close(machine->oracle);
  machine->oracle = NULL;
  if (machine->has_polls) collector_order(machine->mutator, COLLECTOR_ORDER_EXPLICIT_POLLS, 0, NULL, 0);
  const bool was_stopped = machine->stopped;
  machine->stopped = true;
  gc_pop(machine->mutator, &machine->frame);
  machine->stopped = was_stopped;
}

struct interpreter_result script_run(struct gc_mutator *mutator, const struct script *script,
                                     const struct interpreter_options *options)
{
  struct machine machine = {.mutator = mutator, .script = script, .options = options};
  open_machine(&machine);
  run_range(&machine, 0, script->op_count, NULL);
  if (options->observations != NULL) fflush(options->observations);
  close_machine(&machine);
  free(machine.slots);
  free(machine.actions);
  free(machine.weak_numbers);
  object_table_release(&machine.shapes);
  machine.result.outcome = machine.stopped                           ? INTERPRETER_ERROR
                           : machine.result.failed_expectations != 0 ? INTERPRETER_FINDING
                                                                     : INTERPRETER_DONE;
  return machine.result;
}
