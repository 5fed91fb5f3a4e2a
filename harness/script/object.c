/* What script objects are made of. */
#include <stdlib.h>
#include <string.h>

#include "harness/script/machine.h"

enum { WORD_BYTES = 8, SHAPE_KIND_SHIFT = 56, SHAPE_FIELDS_SHIFT = 32 };

void *machine_require(struct machine *machine, void *memory, uint64_t bytes)
{
  if (memory == NULL) machine->mutator->config->out_of_memory(machine->mutator, bytes);
  return memory;
}

/*
 * Peers keep no shapes; nor do they move objects.  So the interpreter keeps the shape of what was made last at an
 * address: the object that is there, as long as there is one.
 */
struct gc_shape machine_shape(const struct machine *machine, gc_ref object)
{
  struct gc_shape shape = {0};
  if (collector_shape(machine->mutator, object, &shape)) return shape;
  const struct object_entry *entry = object_table_find(&machine->shapes, object);
  if (entry == NULL) return shape;
  return (struct gc_shape){.kind = (enum gc_kind)(entry->value >> SHAPE_KIND_SHIFT),
                           .fields = (uint32_t)(entry->value >> SHAPE_FIELDS_SHIFT) & (SCRIPT_FIELDS_MAX * 2 - 1),
                           .bytes = (uint32_t)entry->value};
}

void machine_note_shape(struct machine *machine, gc_ref object, struct gc_shape shape)
{
  struct gc_shape kept;
  if (collector_shape(machine->mutator, object, &kept)) return;
  const bool has_room = object_table_reserve(&machine->shapes, 1);
  if (!has_room) machine->mutator->config->out_of_memory(machine->mutator, sizeof(struct object_entry));
  object_table_add(&machine->shapes, object);
  object_table_find(&machine->shapes, object)->value =
      (uint64_t)shape.kind << SHAPE_KIND_SHIFT | (uint64_t)shape.fields << SHAPE_FIELDS_SHIFT | shape.bytes;
}

struct script_payload *machine_payload(const struct machine *machine, gc_ref object)
{
  return gc_bytes(object, machine_shape(machine, object).fields);
}

struct gc_shape machine_shape_of_op(const struct machine *machine, const struct script_op *op)
{
  (void)machine;
  uint64_t bytes = sizeof(struct script_payload) + (uint64_t)op->bytes;
  if (op->kind == GC_DICT) bytes += (uint64_t)op->size * sizeof(uint32_t);
  bytes = (bytes + WORD_BYTES - 1) & ~(uint64_t)(WORD_BYTES - 1);
  return (struct gc_shape){
      .fields = op->kind == GC_ATOM ? 0 : op->size, .bytes = (uint32_t)bytes, .kind = (enum gc_kind)op->kind};
}

void machine_fill(struct machine *machine, gc_ref object, const struct script_op *op, uint32_t number)
{
  struct script_payload *payload = machine_payload(machine, object);
  *payload = (struct script_payload){
      .number = number, .type = op->type, .length = op->kind == GC_LIST ? op->length : 0, .bytes = op->bytes};
  unsigned char *raw = (unsigned char *)(payload + 1) + (op->kind == GC_DICT ? op->size * sizeof(uint32_t) : 0);
  for (uint32_t i = 0; i < op->bytes; i++) raw[i] = (unsigned char)(number * 31 + i * 7 + 1);
}

uint32_t *machine_keys(const struct machine *machine, gc_ref dict)
{
  return (uint32_t *)(void *)(machine_payload(machine, dict) + 1);
}

static bool locate_named(const struct machine *machine, gc_ref object, uint32_t name, uint32_t *index)
{
  const uint32_t type = machine_payload(machine, object)->type;
  if (type == SCRIPT_NOBODY) return false;
  const struct script_class *class = &machine->script->classes[type];
  for (uint32_t i = 0; i < class->field_count; i++) {
    if (machine->script->field_names[class->first_field + i] != name) continue;
    *index = i;
    return true;
  }
  return false;
}

static bool locate_key(const struct machine *machine, gc_ref dict, uint32_t key, uint32_t *index)
{
  const uint32_t *keys = machine_keys(machine, dict);
  const uint32_t length = machine_payload(machine, dict)->length;
  for (uint32_t i = 0; i < length; i++) {
    if (keys[i] != key) continue;
    *index = i;
    return true;
  }
  return false;
}

bool machine_locate(const struct machine *machine, gc_ref object, uint32_t field, uint32_t *index)
{
  if (object == NULL) return false;
  const struct gc_shape shape = machine_shape(machine, object);
  *index = field;
  switch (shape.kind) {
  case GC_INSTANCE:
    if (field & SCRIPT_NAMED) return locate_named(machine, object, field & ~SCRIPT_NAMED, index);
    return field < shape.fields;
  case GC_LIST:
    return field < machine_payload(machine, object)->length;
  case GC_TUPLE:
    return field < shape.fields;
  case GC_DICT:
    return locate_key(machine, object, field, index);
  case GC_ATOM:
  case GC_WEAK:
    break;
  }
  return false;
}

gc_ref machine_root(const struct machine *machine, const struct range *range, uint32_t root)
{
  return root == SCRIPT_SELF ? *range->self : machine->slots[root];
}

bool machine_value(const struct machine *machine, const struct range *range, const struct script_value *value,
                   gc_ref *reference)
{
  *reference = NULL;
  if (value->kind == SCRIPT_NONE) return true;
  const gc_ref object = machine_root(machine, range, value->root);
  if (value->kind == SCRIPT_ROOT) {
    *reference = object;
    return true;
  }
  uint32_t index;
  if (!machine_locate(machine, object, value->field, &index)) return false;
  *reference = gc_load(machine->mutator, object, index);
  if (machine->oracle != NULL)
    oracle_load_yields(machine->oracle, machine_number(machine, object), index, machine_number(machine, *reference));
  return true;
}

static uint64_t weak_entry(gc_ref weak)
{
  uint64_t entry;
  memcpy(&entry, gc_bytes(weak, 0), sizeof entry);
  return entry;
}

uint32_t machine_number(const struct machine *machine, gc_ref object)
{
  if (object == NULL) return 0;
  if (machine_shape(machine, object).kind != GC_WEAK) return machine_payload(machine, object)->number;
  return machine->weak_numbers[weak_entry(object)];
}

void machine_note_weak(struct machine *machine, gc_ref weak, uint32_t number)
{
  const uint64_t entry = weak_entry(weak);
  if (entry >= machine->weak_capacity) {
    machine->weak_capacity = 2 * entry + 64;
    machine->weak_numbers = machine_require(
        machine, reallocarray(machine->weak_numbers, machine->weak_capacity, sizeof(uint32_t)), machine->weak_capacity);
  }
  machine->weak_numbers[entry] = number;
}

int64_t machine_length(const struct machine *machine, gc_ref object)
{
  const struct gc_shape shape = machine_shape(machine, object);
  if (shape.kind == GC_ATOM || shape.kind == GC_WEAK) return 0;
  const uint32_t length = machine_payload(machine, object)->length;
  if (shape.kind == GC_LIST) return length;
  if (shape.kind != GC_DICT) return shape.fields;
  const uint32_t *keys = machine_keys(machine, object);
  int64_t count = 0;
  for (uint32_t i = 0; i < length; i++) count += keys[i] != SCRIPT_NOBODY;
  return count;
}
