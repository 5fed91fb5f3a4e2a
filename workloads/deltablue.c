/*
 * deltablue: an incremental constraint solver on networks of small objects that refer to one another both ways.
 *
 * DeltaBlue (Freeman-Benson, Maloney and Borning, An Incremental Constraint Solver, 1990; Sannella, Maloney,
 * Freeman-Benson and Borning, Multi-way versus One-way Constraints in User Interfaces, 1993), the whole algorithm, on
 * the two networks of Maloney and Wolczko's benchmark, which Octane has too:
 *   chain        a chain of equalities; its first variable is edited, and the last follows;
 *   projection   pairs of variables that share one scale and one offset; a source, a destination, the scale and the
 *                offset are edited, which turns constraints around or runs them all.
 * A variable has a list of its constraints and the one that determines it; a constraint has its variables, a strength
 * and a class.  Classes and strengths are objects that live for ever and that everything refers to.  Planning makes
 * lists that die at once; a network is one tangle, which dies whole.
 *
 * Octane makes a network, uses and drops it.  Here a network lives on in a table, and is edited once more when another
 * takes its place, so that there is a live graph of old tangles.  Departures: a constraint that cannot be satisfied in
 * either direction has none (as in the Smalltalk original; Octane's binary constraints then run backward), a scale
 * constraint waits for its scale and offset too when a plan is made, and the chain's edit ends when it is done.  What
 * the original asserts is counted where it does not hold, and goes into the checksum with the values.
 */
#include "workloads/workload.h"

#include "workloads/list.h"

enum { CHAIN, PROJECTION, LIVE, ROUNDS, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [CHAIN] = {.name = "chain",
               .unit = "constraints",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 100,
               .small_value = 4,
               .large_value = 100,
               .minimum = 1,
               .maximum = 100000,
               .help = "equalities in a chain (Octane: 100)"},
    [PROJECTION] = {.name = "projection",
                    .unit = "constraints",
                    .type = SETTING_INTEGER,
                    .scale = SETTING_LOG,
                    .default_value = 100,
                    .small_value = 4,
                    .large_value = 100,
                    .minimum = 1,
                    .maximum = 100000,
                    .help = "scale constraints in a projection (Octane: 100)"},
    [LIVE] = {.name = "live",
              .unit = "networks",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 100,
              .small_value = 2,
              .large_value = 400,
              .minimum = 1,
              .maximum = 1000000,
              .help = "networks of each kind that are kept (Octane: 1)"},
    [ROUNDS] = {.name = "rounds",
                .unit = "networks",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 2500,
                .small_value = 3,
                .large_value = 20000,
                .minimum = 1,
                .maximum = 100000000,
                .help = "networks of each kind that are made in all and take the place of others (Octane: 4400)"},
};

/* The executions of a plan: of the chain's, with as many values; of any other edit, with one value (both Octane's). */
enum { CHAIN_EXECUTIONS = 100, CHANGE_EXECUTIONS = 10 };

/* A lower number is stronger. */
enum strength { REQUIRED, STRONG_PREFERRED, PREFERRED, STRONG_DEFAULT, NORMAL, WEAK_DEFAULT, WEAKEST, STRENGTHS };

enum kind { STAY, EDIT, EQUALITY, SCALE, KINDS };
enum direction { NONE, FORWARD, BACKWARD }; /* of unary constraints: forward where it is satisfied */

/* A class knows what its constraints look like.  Variables stand last, two or four where there are several. */
enum { CLASS, STRENGTH, V1, V2, FACTOR, OFFSET, CONSTRAINT_FIELDS_MAX };
static const uint32_t constraint_fields[KINDS] = {
    [STAY] = V2, [EDIT] = V2, [EQUALITY] = FACTOR, [SCALE] = CONSTRAINT_FIELDS_MAX};
enum { VARIABLES_MAX = CONSTRAINT_FIELDS_MAX - V1 };

struct class_data {
  uint32_t kind, fields;
};

struct constraint_data {
  enum direction direction;
};

enum { CONSTRAINTS, DETERMINED_BY, WALK_STRENGTH, VARIABLE_FIELDS };

struct variable_data {
  int64_t value;
  uint64_t mark; /* of the last plan or propagation that came here */
  bool stay;     /* the value is the same at every execution of a plan */
};

/* The variables that tests look at; a chain has the first two only. */
enum { NETWORK_PLANNER, NETWORK_IN, NETWORK_OUT, NETWORK_FACTOR, NETWORK_OFFSET, NETWORK_OUTS, NETWORK_FIELDS };

static const struct gc_shape variable_shape = {
    .fields = VARIABLE_FIELDS, .bytes = sizeof(struct variable_data), .kind = GC_INSTANCE};
static const struct gc_shape network_shape = {.fields = NETWORK_FIELDS, .kind = GC_INSTANCE};
static const struct gc_shape planner_shape = {.bytes = sizeof(uint64_t), .kind = GC_ATOM};
static const struct gc_shape class_shape = {.bytes = sizeof(struct class_data), .kind = GC_ATOM};
static const struct gc_shape strength_shape = {.bytes = sizeof(enum strength), .kind = GC_ATOM};

struct solver {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *classes; /* root slots, by kind */
  gc_ref *strengths;
  gc_ref *network;   /* root slot: the network that is worked on */
  uint64_t failures; /* of what must hold */
};

static const struct class_data *class_data(const struct solver *s, gc_ref constraint)
{
  return gc_bytes(gc_load(s->mutator, constraint, CLASS), 0);
}

static struct constraint_data *constraint_data(const struct solver *s, gc_ref constraint)
{
  return gc_bytes(constraint, class_data(s, constraint)->fields);
}

static struct variable_data *variable_data(gc_ref variable) { return gc_bytes(variable, VARIABLE_FIELDS); }

static enum strength strength_value(gc_ref strength) { return *(const enum strength *)gc_bytes(strength, 0); }

static enum strength constraint_strength(const struct solver *s, gc_ref constraint)
{
  return strength_value(gc_load(s->mutator, constraint, STRENGTH));
}

static enum strength walk_strength(const struct solver *s, gc_ref variable)
{
  return strength_value(gc_load(s->mutator, variable, WALK_STRENGTH));
}

/* --- Constraints.  What is polymorphic asks the class.  No safepoint but in those that say so. --- */

static bool is_binary(const struct solver *s, gc_ref constraint) { return class_data(s, constraint)->fields > V2; }

static bool is_satisfied(const struct solver *s, gc_ref constraint)
{
  return constraint_data(s, constraint)->direction != NONE;
}

static gc_ref constraint_output(const struct solver *s, gc_ref constraint)
{
  const bool second = is_binary(s, constraint) && constraint_data(s, constraint)->direction == FORWARD;
  return gc_load(s->mutator, constraint, second ? V2 : V1);
}

static gc_ref constraint_input(const struct solver *s, gc_ref constraint) /* of a binary one */
{
  return gc_load(s->mutator, constraint, constraint_data(s, constraint)->direction == FORWARD ? V1 : V2);
}

/* The direction in which a constraint may be enforced that would override `output` alone. */
static enum direction direction_if_weaker(const struct solver *s, gc_ref constraint, gc_ref output,
                                          enum direction direction)
{
  return constraint_strength(s, constraint) < walk_strength(s, output) ? direction : NONE;
}

/* Decides how to enforce the constraint, if at all, given the variables that were reached already. */
static void choose_method(const struct solver *s, gc_ref constraint, uint64_t mark)
{
  enum direction *direction = &constraint_data(s, constraint)->direction;
  const gc_ref v1 = gc_load(s->mutator, constraint, V1);
  if (!is_binary(s, constraint)) {
    *direction = variable_data(v1)->mark == mark ? NONE : direction_if_weaker(s, constraint, v1, FORWARD);
    return;
  }
  const gc_ref v2 = gc_load(s->mutator, constraint, V2);
  const bool reached1 = variable_data(v1)->mark == mark;
  const bool reached2 = variable_data(v2)->mark == mark;
  const bool is_backward = reached2 || (!reached1 && walk_strength(s, v1) > walk_strength(s, v2));
  if (reached1 && reached2)
    *direction = NONE;
  else
    *direction = direction_if_weaker(s, constraint, is_backward ? v1 : v2, is_backward ? BACKWARD : FORWARD);
}

static void mark_inputs(const struct solver *s, gc_ref constraint, uint64_t mark)
{
  if (!is_binary(s, constraint)) return;
  variable_data(constraint_input(s, constraint))->mark = mark;
  for (uint32_t field = FACTOR; field < class_data(s, constraint)->fields; field++)
    variable_data(gc_load(s->mutator, constraint, field))->mark = mark;
}

static bool is_known(const struct solver *s, gc_ref variable, uint64_t mark)
{
  return variable_data(variable)->mark == mark || variable_data(variable)->stay ||
         gc_load(s->mutator, variable, DETERMINED_BY) == NULL;
}

static bool inputs_known(const struct solver *s, gc_ref constraint, uint64_t mark)
{
  if (!is_binary(s, constraint)) return true;
  if (!is_known(s, constraint_input(s, constraint), mark)) return false;
  for (uint32_t field = FACTOR; field < class_data(s, constraint)->fields; field++) {
    if (!is_known(s, gc_load(s->mutator, constraint, field), mark)) return false;
  }
  return true;
}

/* Sets the output as the constraint wants it.  Stays and edits have nothing to do. */
static void execute(const struct solver *s, gc_ref constraint)
{
  if (!is_binary(s, constraint)) return;
  const int64_t in = variable_data(constraint_input(s, constraint))->value;
  int64_t *out = &variable_data(constraint_output(s, constraint))->value;
  if (class_data(s, constraint)->kind == EQUALITY) {
    *out = in;
    return;
  }
  const int64_t factor = variable_data(gc_load(s->mutator, constraint, FACTOR))->value;
  const int64_t offset = variable_data(gc_load(s->mutator, constraint, OFFSET))->value;
  *out = constraint_data(s, constraint)->direction == FORWARD ? in * factor + offset : (in - offset) / factor;
}

static bool inputs_stay(const struct solver *s, gc_ref constraint)
{
  if (!is_binary(s, constraint)) return class_data(s, constraint)->kind != EDIT;
  if (!variable_data(constraint_input(s, constraint))->stay) return false;
  for (uint32_t field = FACTOR; field < class_data(s, constraint)->fields; field++) {
    if (!variable_data(gc_load(s->mutator, constraint, field))->stay) return false;
  }
  return true;
}

/* Works out whether the output stays now, its value if so, and its walkabout strength.  Ends with a safepoint. */
static void recalculate(const struct solver *s, gc_ref constraint)
{
  const gc_ref output = constraint_output(s, constraint);
  gc_ref weakest = gc_load(s->mutator, constraint, STRENGTH);
  if (is_binary(s, constraint)) {
    const gc_ref other = gc_load(s->mutator, constraint_input(s, constraint), WALK_STRENGTH);
    if (strength_value(other) > strength_value(weakest)) weakest = other;
  }
  variable_data(output)->stay = inputs_stay(s, constraint);
  if (variable_data(output)->stay) execute(s, constraint);
  gc_store(s->mutator, output, WALK_STRENGTH, weakest);
}

/* Tells the variables.  Safepoint. */
static void add_to_graph(const struct solver *s, const gc_ref *constraint)
{
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  for (uint32_t field = V1; field < class_data(s, *constraint)->fields; field++) {
    gc_root(s->mutator, &frame.slot[0], gc_load(s->mutator, gc_load(s->mutator, *constraint, field), CONSTRAINTS));
    list_append(s->mutator, &frame.slot[0], constraint);
  }
  gc_pop(s->mutator, &frame.frame);
}

/* Safepoint. */
static void remove_from_graph(const struct solver *s, const gc_ref *constraint)
{
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  for (uint32_t field = V1; field < class_data(s, *constraint)->fields; field++) {
    gc_root(s->mutator, &frame.slot[0], gc_load(s->mutator, gc_load(s->mutator, *constraint, field), CONSTRAINTS));
    list_remove(s->mutator, &frame.slot[0], constraint);
    const gc_ref variable = gc_load(s->mutator, *constraint, field);
    if (gc_load(s->mutator, variable, DETERMINED_BY) == *constraint)
      gc_store(s->mutator, variable, DETERMINED_BY, NULL);
  }
  constraint_data(s, *constraint)->direction = NONE;
  gc_pop(s->mutator, &frame.frame);
}

/* --- The planner: an object with the last mark.  Arguments are root slots; all have safepoints. --- */

static uint64_t new_mark(const struct solver *s)
{
  return ++*(uint64_t *)gc_bytes(gc_load(s->mutator, *s->network, NETWORK_PLANNER), 0);
}

/* Appends all constraints that the variable is an input of. */
static void add_consuming(const struct solver *s, const gc_ref *variable, const gc_ref *list)
{
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  const uint32_t length = list_length(gc_load(s->mutator, *variable, CONSTRAINTS));
  for (uint32_t i = 0; i < length; i++) {
    const gc_ref each = list_get(s->mutator, gc_load(s->mutator, *variable, CONSTRAINTS), i);
    if (each == gc_load(s->mutator, *variable, DETERMINED_BY) || !is_satisfied(s, each)) continue;
    gc_root(s->mutator, &frame.slot[0], each);
    list_append(s->mutator, list, &frame.slot[0]);
  }
  gc_pop(s->mutator, &frame.frame);
}

static void incremental_remove(struct solver *s, const gc_ref *constraint);

/* Recalculates all that is downstream of the constraint; false, and it is removed, where that leads back to it. */
static bool add_propagate(struct solver *s, const gc_ref *constraint, uint64_t mark)
{
  enum { PENDING, NEXT, OUTPUT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  list_new(s->mutator, &slot[PENDING]);
  list_append(s->mutator, &slot[PENDING], constraint);
  bool acyclic = true;
  while (acyclic && list_length(slot[PENDING]) > 0) {
    list_pop(s->mutator, &slot[PENDING], &slot[NEXT]);
    gc_root(s->mutator, &slot[OUTPUT], constraint_output(s, slot[NEXT]));
    acyclic = variable_data(slot[OUTPUT])->mark != mark;
    if (!acyclic) break;
    recalculate(s, slot[NEXT]);
    add_consuming(s, &slot[OUTPUT], &slot[PENDING]);
  }
  if (!acyclic) incremental_remove(s, constraint);
  gc_pop(s->mutator, &frame.frame);
  return acyclic;
}

/* Enforces the constraint if it is strong enough.  What it overrides, or NULL, goes into the slot `overridden`. */
static void satisfy(struct solver *s, const gc_ref *constraint, uint64_t mark, gc_ref *overridden)
{
  gc_root(s->mutator, overridden, NULL);
  choose_method(s, *constraint, mark);
  if (!is_satisfied(s, *constraint)) {
    if (constraint_strength(s, *constraint) == REQUIRED) s->failures++;
    return;
  }
  mark_inputs(s, *constraint, mark);
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const output = &frame.slot[0];
  gc_root(s->mutator, output, constraint_output(s, *constraint));
  gc_root(s->mutator, overridden, gc_load(s->mutator, *output, DETERMINED_BY));
  if (*overridden != NULL) constraint_data(s, *overridden)->direction = NONE;
  gc_store(s->mutator, *output, DETERMINED_BY, *constraint);
  if (!add_propagate(s, constraint, mark)) s->failures++;
  variable_data(*output)->mark = mark;
  gc_pop(s->mutator, &frame.frame);
}

/* Satisfies the constraint if it can be, then what that has overridden, and so on: each weaker than the one before. */
static void incremental_add(struct solver *s, const gc_ref *constraint)
{
  const uint64_t mark = new_mark(s);
  enum { CURRENT, OVERRIDDEN, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_root(s->mutator, &frame.slot[CURRENT], *constraint);
  while (frame.slot[CURRENT] != NULL) {
    satisfy(s, &frame.slot[CURRENT], mark, &frame.slot[OVERRIDDEN]);
    gc_root(s->mutator, &frame.slot[CURRENT], frame.slot[OVERRIDDEN]);
  }
  gc_pop(s->mutator, &frame.frame);
}

/*
 * Recalculates what is downstream of a variable that nothing determines now; unsatisfied constraints met on the way go
 * into the list.
 */
static void remove_propagate(const struct solver *s, const gc_ref *variable, const gc_ref *unsatisfied)
{
  enum { PENDING, HERE, EACH, OUTPUT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  gc_store(s->mutator, *variable, DETERMINED_BY, NULL);
  gc_store(s->mutator, *variable, WALK_STRENGTH, s->strengths[WEAKEST]);
  variable_data(*variable)->stay = true;
  list_new(s->mutator, &slot[PENDING]);
  list_append(s->mutator, &slot[PENDING], variable);
  while (list_length(slot[PENDING]) > 0) {
    list_pop(s->mutator, &slot[PENDING], &slot[HERE]);
    const uint32_t length = list_length(gc_load(s->mutator, slot[HERE], CONSTRAINTS));
    for (uint32_t i = 0; i < length; i++) {
      gc_root(s->mutator, &slot[EACH], list_get(s->mutator, gc_load(s->mutator, slot[HERE], CONSTRAINTS), i));
      if (!is_satisfied(s, slot[EACH])) {
        list_append(s->mutator, unsatisfied, &slot[EACH]);
      } else if (slot[EACH] != gc_load(s->mutator, slot[HERE], DETERMINED_BY)) {
        recalculate(s, slot[EACH]);
        gc_root(s->mutator, &slot[OUTPUT], constraint_output(s, slot[EACH]));
        list_append(s->mutator, &slot[PENDING], &slot[OUTPUT]);
      }
    }
  }
  gc_pop(s->mutator, &frame.frame);
}

/* Takes a satisfied constraint out of the graph, and lets others take its place, the strongest first. */
static void incremental_remove(struct solver *s, const gc_ref *constraint)
{
  enum { OUTPUT, UNSATISFIED, EACH, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  gc_root(s->mutator, &slot[OUTPUT], constraint_output(s, *constraint));
  remove_from_graph(s, constraint);
  list_new(s->mutator, &slot[UNSATISFIED]);
  remove_propagate(s, &slot[OUTPUT], &slot[UNSATISFIED]);
  for (enum strength strength = REQUIRED; strength < WEAKEST; strength++) {
    for (uint32_t i = 0; i < list_length(slot[UNSATISFIED]); i++) {
      gc_root(s->mutator, &slot[EACH], list_get(s->mutator, slot[UNSATISFIED], i));
      if (constraint_strength(s, slot[EACH]) == strength) incremental_add(s, &slot[EACH]);
    }
  }
  gc_pop(s->mutator, &frame.frame);
}

/* Makes the list of constraints to execute, in order, when the edits' variables have changed; `edits` is used up. */
static void make_plan(const struct solver *s, const gc_ref *edits, gc_ref *plan)
{
  const uint64_t mark = new_mark(s);
  enum { NEXT, OUTPUT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  list_new(s->mutator, plan);
  while (list_length(*edits) > 0) {
    list_pop(s->mutator, edits, &slot[NEXT]);
    gc_root(s->mutator, &slot[OUTPUT], constraint_output(s, slot[NEXT]));
    if (variable_data(slot[OUTPUT])->mark == mark || !inputs_known(s, slot[NEXT], mark)) continue;
    list_append(s->mutator, plan, &slot[NEXT]);
    variable_data(slot[OUTPUT])->mark = mark;
    add_consuming(s, &slot[OUTPUT], edits);
  }
  gc_pop(s->mutator, &frame.frame);
}

/* No safepoint: values are raw. */
static void execute_plan(const struct solver *s, gc_ref plan)
{
  for (uint32_t i = 0; i < list_length(plan); i++) execute(s, list_get(s->mutator, plan, i));
}

/* --- Networks --- */

static void make_variable(const struct solver *s, gc_ref *slot, int64_t value)
{
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  list_new(s->mutator, &frame.slot[0]);
  gc_new(s->mutator, slot, variable_shape);
  *variable_data(*slot) = (struct variable_data){.value = value, .stay = true};
  gc_store(s->mutator, *slot, CONSTRAINTS, frame.slot[0]);
  gc_store(s->mutator, *slot, WALK_STRENGTH, s->strengths[WEAKEST]);
  gc_pop(s->mutator, &frame.frame);
}

/* Makes a constraint of these variables, as many as its kind has, and adds it to the network. */
static void make_constraint(struct solver *s, gc_ref *slot, enum kind kind, enum strength strength,
                            const gc_ref *const variables[VARIABLES_MAX])
{
  const uint32_t fields = constraint_fields[kind];
  gc_new(s->mutator, slot,
         (struct gc_shape){.fields = fields, .bytes = sizeof(struct constraint_data), .kind = GC_INSTANCE});
  gc_store(s->mutator, *slot, CLASS, s->classes[kind]);
  gc_store(s->mutator, *slot, STRENGTH, s->strengths[strength]);
  for (uint32_t field = V1; field < fields; field++) gc_store(s->mutator, *slot, field, *variables[field - V1]);
  add_to_graph(s, slot);
  incremental_add(s, slot);
}

static void make_network(const struct solver *s)
{
  GC_FRAME(frame, 1);
  gc_push(s->mutator, &frame.frame);
  gc_new(s->mutator, &frame.slot[0], planner_shape);
  gc_new(s->mutator, s->network, network_shape);
  gc_store(s->mutator, *s->network, NETWORK_PLANNER, frame.slot[0]);
  gc_pop(s->mutator, &frame.frame);
}

static void make_chain(struct solver *s)
{
  enum { PREVIOUS, VARIABLE, CONSTRAINT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  make_network(s);
  for (int64_t i = 0; i <= s->run->parameters[CHAIN]; i++) {
    make_variable(s, &slot[VARIABLE], 0);
    if (i == 0)
      gc_store(s->mutator, *s->network, NETWORK_IN, slot[VARIABLE]);
    else
      make_constraint(s, &slot[CONSTRAINT], EQUALITY, REQUIRED,
                      (const gc_ref *[VARIABLES_MAX]){&slot[PREVIOUS], &slot[VARIABLE]});
    gc_root(s->mutator, &slot[PREVIOUS], slot[VARIABLE]);
  }
  gc_store(s->mutator, *s->network, NETWORK_OUT, slot[VARIABLE]);
  make_constraint(s, &slot[CONSTRAINT], STAY, STRONG_DEFAULT, (const gc_ref *[VARIABLES_MAX]){&slot[VARIABLE]});
  gc_pop(s->mutator, &frame.frame);
}

static void make_projection(struct solver *s)
{
  enum { IN, OUT, OUTS, FACTOR_SLOT, OFFSET_SLOT, CONSTRAINT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  make_network(s);
  make_variable(s, &slot[FACTOR_SLOT], 10);
  make_variable(s, &slot[OFFSET_SLOT], 1000);
  list_new(s->mutator, &slot[OUTS]);
  for (int64_t i = 0; i < s->run->parameters[PROJECTION]; i++) {
    make_variable(s, &slot[IN], i);
    make_variable(s, &slot[OUT], i);
    list_append(s->mutator, &slot[OUTS], &slot[OUT]);
    make_constraint(s, &slot[CONSTRAINT], STAY, NORMAL, (const gc_ref *[VARIABLES_MAX]){&slot[IN]});
    make_constraint(s, &slot[CONSTRAINT], SCALE, REQUIRED,
                    (const gc_ref *[VARIABLES_MAX]){&slot[IN], &slot[OUT], &slot[FACTOR_SLOT], &slot[OFFSET_SLOT]});
  }
  const uint32_t of_slot[NETWORK_FIELDS] = {[NETWORK_IN] = IN,
                                            [NETWORK_OUT] = OUT,
                                            [NETWORK_FACTOR] = FACTOR_SLOT,
                                            [NETWORK_OFFSET] = OFFSET_SLOT,
                                            [NETWORK_OUTS] = OUTS};
  for (uint32_t field = NETWORK_IN; field < NETWORK_FIELDS; field++)
    gc_store(s->mutator, *s->network, field, slot[of_slot[field]]);
  gc_pop(s->mutator, &frame.frame);
}

/* --- Tests --- */

static int64_t network_value(const struct solver *s, uint32_t field)
{
  return variable_data(gc_load(s->mutator, *s->network, field))->value;
}

static void expect(struct solver *s, int64_t value, int64_t expected)
{
  workload_checksum(s->run, (uint64_t)value);
  if (value != expected) s->failures++;
}

/* Adds an edit of the network's variable in this field, and makes its plan, into the slots. */
static void begin_edit(struct solver *s, uint32_t field, gc_ref *edit, gc_ref *plan)
{
  enum { VARIABLE, EDITS, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  gc_root(s->mutator, &frame.slot[VARIABLE], gc_load(s->mutator, *s->network, field));
  make_constraint(s, edit, EDIT, PREFERRED, (const gc_ref *[VARIABLES_MAX]){&frame.slot[VARIABLE]});
  list_new(s->mutator, &frame.slot[EDITS]);
  if (is_satisfied(s, *edit))
    list_append(s->mutator, &frame.slot[EDITS], edit);
  else
    s->failures++;
  make_plan(s, &frame.slot[EDITS], plan);
  gc_pop(s->mutator, &frame.frame);
}

static void end_edit(struct solver *s, const gc_ref *edit)
{
  if (is_satisfied(s, *edit))
    incremental_remove(s, edit);
  else
    remove_from_graph(s, edit);
}

/*
 * Edits a variable: gives it `first`, then first + step, and so on, and executes the plan each time.  Where `follows`
 * is a field, that variable must have the same value each time.
 */
static void edit(struct solver *s, uint32_t field, int64_t first, int64_t step, int executions, uint32_t follows)
{
  enum { CONSTRAINT, PLAN, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(s->mutator, &frame.frame);
  begin_edit(s, field, &frame.slot[CONSTRAINT], &frame.slot[PLAN]);
  for (int i = 0; i < executions; i++) {
    const int64_t value = first + i * step;
    variable_data(gc_load(s->mutator, *s->network, field))->value = value;
    execute_plan(s, frame.slot[PLAN]);
    if (follows < NETWORK_FIELDS) expect(s, network_value(s, follows), value);
  }
  end_edit(s, &frame.slot[CONSTRAINT]);
  gc_pop(s->mutator, &frame.frame);
}

static void change(struct solver *s, uint32_t field, int64_t value)
{
  edit(s, field, value, 0, CHANGE_EXECUTIONS, NETWORK_FIELDS);
}

/* All but the last follow their sources, which have the values 0, 1, 2 and so on. */
static void expect_projected(struct solver *s, int64_t factor, int64_t offset)
{
  const gc_ref outs = gc_load(s->mutator, *s->network, NETWORK_OUTS);
  for (uint32_t i = 0; i + 1 < list_length(outs); i++)
    expect(s, variable_data(list_get(s->mutator, outs, i))->value, i * factor + offset);
}

static void test_chain(struct solver *s)
{
  make_chain(s);
  edit(s, NETWORK_IN, 0, 1, CHAIN_EXECUTIONS, NETWORK_OUT);
}

static void test_projection(struct solver *s)
{
  make_projection(s);
  change(s, NETWORK_IN, 17);
  expect(s, network_value(s, NETWORK_OUT), 1170);
  change(s, NETWORK_OUT, 1050);
  expect(s, network_value(s, NETWORK_IN), 5);
  change(s, NETWORK_FACTOR, 5);
  expect_projected(s, 5, 1000);
  change(s, NETWORK_OFFSET, 2000);
  expect_projected(s, 5, 2000);
}

/* A network that is about to go, if there is one, is edited once more: all of it must still hang together. */
static void revisit(struct solver *s)
{
  if (*s->network == NULL) return;
  const int64_t value = random_below(&s->run->random, 1000) + 1;
  if (gc_load(s->mutator, *s->network, NETWORK_OUTS) == NULL) {
    edit(s, NETWORK_IN, value, 0, 1, NETWORK_OUT);
    return;
  }
  change(s, NETWORK_FACTOR, value);
  expect_projected(s, value, 2000);
  change(s, NETWORK_IN, value);
  expect(s, network_value(s, NETWORK_OUT), value * value + 2000);
}

/* The places of the table hold chains and projections by turns. */
static void replace(struct solver *s, const gc_ref *table, uint32_t place)
{
  gc_root(s->mutator, s->network, gc_load(s->mutator, *table, place));
  revisit(s);
  if (place % 2 == 0)
    test_chain(s);
  else
    test_projection(s);
  gc_store(s->mutator, *table, place, *s->network);
}

static void make_classes_and_strengths(const struct solver *s)
{
  for (uint32_t kind = 0; kind < KINDS; kind++) {
    gc_new(s->mutator, &s->classes[kind], class_shape);
    *(struct class_data *)gc_bytes(s->classes[kind], 0) =
        (struct class_data){.kind = kind, .fields = constraint_fields[kind]};
  }
  for (enum strength strength = REQUIRED; strength < STRENGTHS; strength++) {
    gc_new(s->mutator, &s->strengths[strength], strength_shape);
    *(enum strength *)gc_bytes(s->strengths[strength], 0) = strength;
  }
}

static void run_deltablue(struct workload_run *run)
{
  enum { TABLE, NETWORK, FIRST_CLASS, FIRST_STRENGTH = FIRST_CLASS + KINDS, SLOTS = FIRST_STRENGTH + STRENGTHS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  struct solver s = {.run = run,
                     .mutator = run->mutator,
                     .classes = &slot[FIRST_CLASS],
                     .strengths = &slot[FIRST_STRENGTH],
                     .network = &slot[NETWORK]};
  make_classes_and_strengths(&s);
  const uint32_t live = (uint32_t)run->parameters[LIVE];
  const uint64_t total = live + (uint64_t)run->parameters[ROUNDS];
  const uint64_t mask = workload_progress_mask(total);

  workload_phase(run, "fill");
  gc_new(run->mutator, &slot[TABLE], (struct gc_shape){.fields = 2 * live, .kind = GC_LIST});
  for (uint64_t i = 0; i < total; i++) {
    if (i == live) workload_phase(run, "replace");
    const uint32_t pair = i < live ? (uint32_t)i : random_below(&run->random, live);
    replace(&s, &slot[TABLE], 2 * pair);
    replace(&s, &slot[TABLE], 2 * pair + 1);
    if ((i & mask) == 0) workload_progress(run, i, total);
  }

  workload_phase(run, "check");
  for (uint32_t place = 0; place < 2 * live; place++) {
    gc_root(run->mutator, s.network, gc_load(run->mutator, slot[TABLE], place));
    revisit(&s);
  }
  workload_checksum(run, s.failures);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_deltablue = {
    .name = "deltablue",
    .summary = "an incremental constraint solver: tangles of variables and constraints, and short-lived plans",
    .source = "DeltaBlue (Sannella, Maloney, Freeman-Benson and Borning); networks as in Octane's deltablue.js",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_deltablue,
};
