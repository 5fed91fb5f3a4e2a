/* What each operation does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/parts/hooks.h"
#include "harness/script/machine.h"

enum { WHY_MAX = 512 };

static bool impossible(char *why, const char *what)
{
  snprintf(why, WHY_MAX, "%s", what);
  return false;
}

/* The oracle hears of it first: what dies of it runs hooks in there, which may look. */
void machine_assign(struct machine *machine, uint32_t root, gc_ref value)
{
  if (machine->oracle != NULL) oracle_root(machine->oracle, root, machine_number(machine, value));
  gc_root(machine->mutator, &machine->slots[root], value);
}

static void store(struct machine *machine, gc_ref object, uint32_t index, gc_ref value)
{
  if (machine->oracle != NULL)
    oracle_store(machine->oracle, machine_number(machine, object), index, machine_number(machine, value));
  gc_store(machine->mutator, object, index, value);
}

static void say_object(const struct machine *machine, const struct script_op *op, gc_ref object, char *why)
{
  const char *kind = object == NULL ? "nothing" : script_kind_word(machine_shape(machine, object).kind);
  const bool named = (op->field & SCRIPT_NAMED) != 0;
  if (named) {
    snprintf(why, WHY_MAX, "there is no field '%s': the root holds %s",
             machine->script->names[op->field & ~SCRIPT_NAMED], kind);
  } else {
    snprintf(why, WHY_MAX, "there is no field %u: the root holds %s", op->field, kind);
  }
}

static bool say_value(char *why)
{
  return impossible(why, "there is no such value: the root holds nothing that has this field");
}

/*
 * An operation's object and value are held to its end, in slots of their own: what it replaces may have a finalizer
 * that drops their roots, and a raw reference is good for one call only.
 */
static void hold(struct machine *machine, const struct range *range, int slot, gc_ref reference)
{
  if (reference == NULL) return;
  if (machine->oracle != NULL) oracle_hold(machine->oracle, machine_number(machine, reference));
  gc_root(machine->mutator, &range->temporary[slot], reference);
}

static void let_go(struct machine *machine, const struct range *range, int slot)
{
  gc_ref *place = &range->temporary[slot];
  if (*place == NULL) return;
  if (machine->oracle != NULL) oracle_release(machine->oracle, machine_number(machine, *place));
  gc_root(machine->mutator, place, NULL);
}

/* Holds what an operation is about: the value first, since the object can be read again from its root. */
static void hold_both(struct machine *machine, const struct range *range, uint32_t root, gc_ref value)
{
  hold(machine, range, RANGE_TARGET, value);
  hold(machine, range, RANGE_ARGUMENTS, machine_root(machine, range, root));
}

static void let_both_go(struct machine *machine, const struct range *range)
{
  let_go(machine, range, RANGE_TARGET);
  let_go(machine, range, RANGE_ARGUMENTS);
}

static void assign_held(struct machine *machine, const struct range *range, uint32_t root, gc_ref value)
{
  hold(machine, range, RANGE_TARGET, value);
  machine_assign(machine, root, range->temporary[RANGE_TARGET]);
  let_go(machine, range, RANGE_TARGET);
}

/* What is in the temporary slot goes into the root, and the slot is empty again. */
static void hand_over(struct machine *machine, const struct range *range, uint32_t root)
{
  machine_assign(machine, root, *range->temporary);
  let_go(machine, range, RANGE_TEMPORARY);
}

/* Makes the object in the temporary slot; it is the script's next. */
static void make(struct machine *machine, const struct range *range, const struct script_op *op)
{
  const struct gc_shape shape = machine_shape_of_op(machine, op);
  gc_new(machine->mutator, range->temporary, shape);
  machine_note_shape(machine, *range->temporary, shape);
  const uint32_t number = ++machine->objects;
  machine_fill(machine, *range->temporary, op, number);
  const struct script_class *class = op->type != SCRIPT_NOBODY ? &machine->script->classes[op->type] : NULL;
  const bool wants_finalizer = class != NULL && class->finalizer != SCRIPT_NOBODY;
  const bool has_finalizer = wants_finalizer && (collector.capabilities & COLLECTOR_FINALIZES) != 0;
  if (machine->oracle != NULL) {
    oracle_new(machine->oracle, number, shape, *range->temporary, has_finalizer);
    oracle_hold(machine->oracle, number);
  }
  if (!wants_finalizer) return;
  if (!has_finalizer) {
    machine_say_unsupported(machine, &machine->said, SCRIPT_ACTION, "has no finalizers: none is run");
    return;
  }
  gc_set_finalizer(machine->mutator, *range->temporary,
                   (struct gc_hook){machine_run_action, &machine->actions[class->finalizer]});
  if (!class->legacy) return;
  const bool is_legacy = collector_order(machine->mutator, COLLECTOR_ORDER_LEGACY, 0, *range->temporary, 1);
  if (is_legacy && machine->oracle != NULL) oracle_legacy(machine->oracle, number);
  if (!is_legacy)
    machine_say_unsupported(machine, &machine->said, SCRIPT_CLEAR_GARBAGE,
                            "has no finalizers of the old kind: they run as others");
}

/* Elements are looked up before the tuple is made, and held, as on CPython's stack. */
static bool make_tuple(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  struct gc_mutator *mutator = machine->mutator;
  gc_ref *elements =
      machine_require(machine, calloc(op->operands, sizeof(gc_ref)), (uint64_t)op->operands * sizeof(gc_ref));
  struct gc_frame frame = {.slots = elements, .count = op->operands};
  bool found = true;
  gc_push(mutator, &frame);
  for (uint32_t i = 0; i < op->operands && found; i++) {
    gc_ref element;
    found = machine_value(machine, range, &machine->script->operands[op->first + i].value, &element);
    if (!found) break;
    if (machine->oracle != NULL && element != NULL) oracle_hold(machine->oracle, machine_number(machine, element));
    gc_root(mutator, &elements[i], element);
  }
  if (found) {
    make(machine, range, op);
    for (uint32_t i = 0; i < op->operands; i++) store(machine, *range->temporary, i, elements[i]);
  }
  for (uint32_t i = 0; i < op->operands; i++) {
    if (elements[i] == NULL) continue;
    if (machine->oracle != NULL) oracle_release(machine->oracle, machine_number(machine, elements[i]));
    gc_root(mutator, &elements[i], NULL);
  }
  gc_pop(mutator, &frame);
  free(elements);
  return found || say_value(why);
}

/* Where CPython is followed: the driver asks for the identity of a new list or dict while it holds it, by a call. */
static bool operate_new(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  if (op->kind == GC_TUPLE) {
    if (!make_tuple(machine, range, op, why)) return false;
  } else {
    make(machine, range, op);
  }
  machine_assign(machine, op->root, *range->temporary);
  if (machine->has_polls && (op->kind == GC_LIST || op->kind == GC_DICT))
    collector_order(machine->mutator, COLLECTOR_ORDER_POLL, 0, NULL, 0);
  let_go(machine, range, RANGE_TEMPORARY);
  return true;
}

static bool operate_load(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  gc_ref value;
  if (!machine_value(machine, range, &op->value, &value)) return say_value(why);
  assign_held(machine, range, op->root, value);
  return true;
}

/* Closes the holes in the dict that a slot holds.  Every store is a safepoint: the dict may be elsewhere after it. */
static uint32_t close_holes(struct machine *machine, const gc_ref *dict)
{
  const uint32_t room = machine_shape(machine, *dict).fields;
  uint32_t used = 0;
  for (uint32_t i = 0; i < room; i++) {
    uint32_t *keys = machine_keys(machine, *dict);
    if (keys[i] == SCRIPT_NOBODY) continue;
    if (used != i) {
      keys[used] = keys[i];
      store(machine, *dict, used, gc_load(machine->mutator, *dict, i));
      store(machine, *dict, i, NULL);
    }
    used++;
  }
  return used;
}

/* A new key gets the next entry; where there is none, holes are closed. */
static bool add_key(struct machine *machine, const gc_ref *dict, uint32_t key, uint32_t *index)
{
  const uint32_t room = machine_shape(machine, *dict).fields;
  if (machine_payload(machine, *dict)->length == room) {
    const uint32_t used = close_holes(machine, dict);
    machine_payload(machine, *dict)->length = used;
    if (used == room) return false;
  }
  *index = machine_payload(machine, *dict)->length++;
  machine_keys(machine, *dict)[*index] = key;
  return true;
}

/* Of what hold_both holds. */
static void store_held(struct machine *machine, const struct range *range, uint32_t index)
{
  store(machine, range->temporary[RANGE_ARGUMENTS], index, range->temporary[RANGE_TARGET]);
}

static bool operate_store(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  const gc_ref object = machine_root(machine, range, op->root);
  const enum gc_kind kind = object != NULL ? machine_shape(machine, object).kind : GC_ATOM;
  gc_ref value;
  uint32_t index;
  if (!machine_value(machine, range, &op->value, &value)) return say_value(why);
  if (kind == GC_TUPLE) return impossible(why, "a tuple never changes");
  const bool is_there = machine_locate(machine, object, op->field, &index);
  if (!is_there && (kind != GC_DICT || object == NULL)) {
    say_object(machine, op, object, why);
    return false;
  }
  hold_both(machine, range, op->root, value);
  const bool has_room = is_there || add_key(machine, &range->temporary[RANGE_ARGUMENTS], op->field, &index);
  if (has_room) store_held(machine, range, index);
  let_both_go(machine, range);
  return has_room || impossible(why, "the dict is full; give it more 'room' where it is made");
}

static bool operate_append(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  const gc_ref list = machine_root(machine, range, op->root);
  gc_ref value;
  if (!machine_value(machine, range, &op->value, &value)) return say_value(why);
  if (list == NULL || machine_shape(machine, list).kind != GC_LIST) return impossible(why, "the root holds no list");
  struct script_payload *payload = machine_payload(machine, list);
  if (payload->length == machine_shape(machine, list).fields)
    return impossible(why, "the list is full; give it more 'room' where it is made");
  const uint32_t index = payload->length++;
  hold_both(machine, range, op->root, value);
  store_held(machine, range, index);
  let_both_go(machine, range);
  return true;
}

/*
 * Elements behind move up; what is taken out dies when the list, which a slot holds, is whole again, as in CPython.
 * Every store is a safepoint: the list may be elsewhere after it.
 */
static void delete_element(struct machine *machine, const struct range *range, const gc_ref *list, uint32_t index)
{
  struct gc_mutator *mutator = machine->mutator;
  const gc_ref taken = gc_load(mutator, *list, index);
  const uint32_t number = machine_number(machine, taken);
  if (machine->oracle != NULL && taken != NULL) oracle_hold(machine->oracle, number);
  gc_root(mutator, range->temporary, taken);
  const uint32_t last = machine_payload(machine, *list)->length - 1;
  for (uint32_t i = index; i < last; i++) store(machine, *list, i, gc_load(mutator, *list, i + 1));
  machine_payload(machine, *list)->length = last;
  store(machine, *list, last, NULL);
  if (machine->oracle != NULL && taken != NULL) oracle_release(machine->oracle, number);
  gc_root(mutator, range->temporary, NULL);
}

static bool operate_delete(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  const gc_ref object = machine_root(machine, range, op->root);
  uint32_t index;
  if (!machine_locate(machine, object, op->field, &index)) {
    say_object(machine, op, object, why);
    return false;
  }
  const enum gc_kind kind = machine_shape(machine, object).kind;
  if (kind == GC_TUPLE) return impossible(why, "a tuple never changes");
  if (kind == GC_DICT) machine_keys(machine, object)[index] = SCRIPT_NOBODY;
  hold_both(machine, range, op->root, NULL);
  if (kind == GC_LIST) {
    delete_element(machine, range, &range->temporary[RANGE_ARGUMENTS], index);
  } else {
    store_held(machine, range, index);
  }
  let_both_go(machine, range);
  return true;
}

/* Where CPython is followed: weakref.ref(...) gets its arguments in a tuple, which is an object like others. */
static void hold_arguments(struct machine *machine, const struct range *range, uint32_t count)
{
  gc_ref *slot = &range->temporary[RANGE_ARGUMENTS];
  gc_new(machine->mutator, slot, (struct gc_shape){.fields = count, .kind = GC_TUPLE});
  gc_store(machine->mutator, *slot, 0, range->temporary[RANGE_TARGET]);
}

static bool operate_weak(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  struct gc_mutator *mutator = machine->mutator;
  gc_ref target;
  if (!machine_value(machine, range, &op->value, &target)) return say_value(why);
  if (target == NULL || machine_shape(machine, target).kind != GC_INSTANCE)
    return impossible(why, "weak references are to instances only");
  if ((collector.capabilities & COLLECTOR_WEAK) == 0 || (collector.capabilities & COLLECTOR_EXTERNAL) != 0) {
    machine_say_unsupported(machine, &machine->said, SCRIPT_WEAK,
                            "has no weak references that scripts can follow: `weak` leaves its root alone");
    return true;
  }
  const uint32_t target_number = machine_number(machine, target);
  struct gc_hook callback = {0};
  if (op->action != SCRIPT_NOBODY) callback = (struct gc_hook){machine_run_action, &machine->actions[op->action]};
  if (machine->oracle != NULL) oracle_hold(machine->oracle, target_number);
  gc_root(mutator, &range->temporary[RANGE_TARGET], target);
  if (machine->has_polls) hold_arguments(machine, range, callback.function != NULL ? 2 : 1);
  const bool is_new =
      callback.function != NULL || hooks_shared_weak(mutator->hooks, range->temporary[RANGE_TARGET]) == NULL;
  gc_new_weak(mutator, range->temporary, &range->temporary[RANGE_TARGET], callback);
  gc_root(mutator, &range->temporary[RANGE_ARGUMENTS], NULL);
  if (machine->has_polls) collector_order(mutator, COLLECTOR_ORDER_POLL, 0, NULL, 0); /* the call is over */
  const gc_ref weak = *range->temporary;
  if (is_new) machine_note_weak(machine, weak, ++machine->objects);
  const uint32_t number = machine_number(machine, weak);
  if (machine->oracle != NULL) {
    if (is_new) {
      oracle_new(machine->oracle, number, machine_shape(machine, weak), weak, false);
      oracle_weak(machine->oracle, number, target_number);
    }
    oracle_hold(machine->oracle, number);
  }
  hand_over(machine, range, op->root);
  let_go(machine, range, RANGE_TARGET);
  return true;
}

static bool operate_deref(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  gc_ref weak;
  if (!machine_value(machine, range, &op->value, &weak)) return say_value(why);
  if (weak == NULL || machine_shape(machine, weak).kind != GC_WEAK) return impossible(why, "this is no weak reference");
  const gc_ref target = gc_weak_get(machine->mutator, weak);
  const bool is_alive = target != NULL;
  if (machine->oracle != NULL)
    oracle_weak_yields(machine->oracle, machine_number(machine, weak), machine_number(machine, target));
  assign_held(machine, range, op->root, target);
  machine->returned = is_alive;
  return true;
}

static void operate_collect(struct machine *machine, const struct script_op *op)
{
  machine->found = (int64_t)gc_collect(machine->mutator, op->root == 2 ? GC_FULL : (int)op->root);
  machine->returned = machine->found;
  if (machine->oracle != NULL && op->root == 2 && machine->depth == 0) oracle_collected_fully(machine->oracle);
}

static void order(struct machine *machine, const struct script_op *op, enum collector_order which, int generation,
                  int64_t value)
{
  if (collector_order(machine->mutator, which, generation, NULL, value)) return;
  char what[80];
  snprintf(what, sizeof what, "has nothing that `%s` could do: it is ignored",
           script_code_word((enum script_code)op->code));
  machine_say_unsupported(machine, &machine->said, op->code, what);
}

static void operate_control(struct machine *machine, const struct script_op *op)
{
  switch (op->code) {
  case SCRIPT_THRESHOLD:
    for (uint32_t i = 0; i < op->size; i++) order(machine, op, COLLECTOR_ORDER_THRESHOLD, (int)i, op->thresholds[i]);
    break;
  case SCRIPT_ENABLE:
  case SCRIPT_DISABLE:
    order(machine, op, COLLECTOR_ORDER_ENABLE, 0, op->code == SCRIPT_ENABLE);
    break;
  case SCRIPT_FREEZE:
    order(machine, op, COLLECTOR_ORDER_FREEZE, 0, 0);
    break;
  case SCRIPT_UNFREEZE:
    order(machine, op, COLLECTOR_ORDER_UNFREEZE, 0, 0);
    break;
  case SCRIPT_CLEAR_GARBAGE:
    if (machine->oracle != NULL) oracle_clear_garbage(machine->oracle);
    order(machine, op, COLLECTOR_ORDER_CLEAR_GARBAGE, 0, 0);
    break;
  default:
    break;
  }
}

bool machine_operate(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  switch (op->code) {
  case SCRIPT_NEW:
    return operate_new(machine, range, op, why);
  case SCRIPT_LOAD:
    return operate_load(machine, range, op, why);
  case SCRIPT_STORE:
    return operate_store(machine, range, op, why);
  case SCRIPT_APPEND:
    return operate_append(machine, range, op, why);
  case SCRIPT_DELETE:
    return operate_delete(machine, range, op, why);
  case SCRIPT_DROP:
    machine_assign(machine, op->root, NULL);
    return true;
  case SCRIPT_WEAK:
    return operate_weak(machine, range, op, why);
  case SCRIPT_DEREF:
    return operate_deref(machine, range, op, why);
  case SCRIPT_COLLECT:
    operate_collect(machine, op);
    return true;
  case SCRIPT_PRINT:
    return machine_print(machine, range, op, why);
  case SCRIPT_EXPECT:
    return machine_expect(machine, range, op, why);
  case SCRIPT_CHECK:
    collector_check(machine->mutator);
    if (machine->oracle != NULL && machine->depth == 0) oracle_compare(machine->oracle);
    return true;
  default:
    operate_control(machine, op);
    return true;
  }
}
