/* compiler_code: shared values become code for a stack machine, which is run and held against the syntax tree. */
#include "workloads/compiler.h"

#include <string.h>

#include "workloads/dict.h"
#include "workloads/list.h"

enum { CODE_SYMBOLS, CODE_FIELDS }; /* a list of what it calls */

enum operation { PUSH, PUSH_ARGUMENT, LOAD, STORE, OPERATE, OPERATE_NEGATE, INVOKE, JUMP_IF_ZERO, JUMP, RETURN };

struct instruction {
  enum operation operation;
  int64_t operand;
};

struct code_data {
  uint32_t count, temporaries;
  struct instruction instructions[];
};

static struct code_data *code_data(gc_ref code) { return gc_bytes(code, CODE_FIELDS); }

/* --- Emitting code --- */

struct emitter {
  struct gc_mutator *mutator;
  gc_ref *buffer;  /* root slots: instructions so far, with room for more */
  gc_ref *symbols; /* a list of what is called */
  uint32_t count, capacity, temporaries;
};

/* Room for one more instruction.  Returns its number. */
static uint32_t emitter_reserve(struct emitter *e)
{
  if (e->count == e->capacity) {
    GC_FRAME(frame, 1);
    gc_push(e->mutator, &frame.frame);
    const uint32_t old_bytes = e->capacity * (uint32_t)sizeof(struct instruction);
    e->capacity = e->capacity == 0 ? 16 : 2 * e->capacity;
    gc_new(e->mutator, &frame.slot[0],
           (struct gc_shape){.bytes = e->capacity * (uint32_t)sizeof(struct instruction), .kind = GC_ATOM});
    if (old_bytes > 0) memcpy(gc_bytes(frame.slot[0], 0), gc_bytes(*e->buffer, 0), old_bytes);
    gc_root(e->mutator, e->buffer, frame.slot[0]);
    gc_pop(e->mutator, &frame.frame);
  }
  return e->count++;
}

static struct instruction *emitter_instruction(const struct emitter *e, uint32_t number)
{
  return (struct instruction *)gc_bytes(*e->buffer, 0) + number;
}

static void emit(struct emitter *e, enum operation operation, int64_t operand)
{
  const uint32_t number = emitter_reserve(e);
  *emitter_instruction(e, number) = (struct instruction){.operation = operation, .operand = operand};
}

static void emit_value(struct emitter *e, gc_ref value);

static void emit_call(struct emitter *e, gc_ref value)
{
  GC_FRAME(frame, 1);
  gc_push(e->mutator, &frame.frame);
  gc_root(e->mutator, &frame.slot[0], gc_load(e->mutator, value, VALUE_SYMBOL));
  uint32_t place = 0;
  while (place < list_length(*e->symbols) && list_get(e->mutator, *e->symbols, place) != frame.slot[0]) place++;
  if (place == list_length(*e->symbols)) list_append(e->mutator, e->symbols, &frame.slot[0]);
  emit(e, INVOKE, place);
  gc_pop(e->mutator, &frame.frame);
}

static void emit_if(struct emitter *e, const gc_ref *value)
{
  emit_value(e, gc_load(e->mutator, *value, VALUE_A));
  emit(e, JUMP_IF_ZERO, 0);
  const uint32_t to_else = e->count - 1;
  emit_value(e, gc_load(e->mutator, *value, VALUE_B));
  emit(e, JUMP, 0);
  const uint32_t to_end = e->count - 1;
  emitter_instruction(e, to_else)->operand = e->count;
  emit_value(e, gc_load(e->mutator, *value, VALUE_C));
  emitter_instruction(e, to_end)->operand = e->count;
}

/* Code that works the value out, from its operands on. */
static void emit_operation(struct emitter *e, const gc_ref *value)
{
  const struct value_data data = *value_data(*value);
  if (data.kind == IF) {
    emit_if(e, value);
    return;
  }
  for (uint32_t operand = VALUE_A; operand <= VALUE_C; operand++) {
    const gc_ref used = gc_load(e->mutator, *value, operand);
    if (used != NULL) emit_value(e, used);
  }
  switch (data.kind) {
  case NUMBER:
    emit(e, PUSH, data.number);
    break;
  case ARGUMENT:
    emit(e, PUSH_ARGUMENT, data.number);
    break;
  case NEGATE:
    emit(e, OPERATE_NEGATE, 0);
    break;
  case BINARY:
    emit(e, OPERATE, data.op);
    break;
  default:
    emit_call(e, *value);
  }
}

/* Code that pushes the value.  value may be raw. */
static void emit_value(struct emitter *e, gc_ref value)
{
  if (value_data(value)->temporary != NONE) {
    emit(e, LOAD, value_data(value)->temporary);
    return;
  }
  GC_FRAME(frame, 1);
  gc_push(e->mutator, &frame.frame);
  gc_root(e->mutator, &frame.slot[0], value);
  emit_operation(e, &frame.slot[0]);
  gc_pop(e->mutator, &frame.frame);
}

/* Values that are used more than once are worked out first, operands before what uses them. */
static void emit_temporaries(struct emitter *e, const gc_ref *all)
{
  GC_FRAME(frame, 1);
  gc_push(e->mutator, &frame.frame);
  for (uint32_t i = 0; i < list_length(*all); i++) {
    gc_root(e->mutator, &frame.slot[0], list_get(e->mutator, *all, i));
    const struct value_data *data = value_data(frame.slot[0]);
    if (data->uses < 2 || data->kind == NUMBER || data->kind == ARGUMENT) continue;
    emit_operation(e, &frame.slot[0]);
    emit(e, STORE, e->temporaries);
    value_data(frame.slot[0])->temporary = (int32_t)e->temporaries++;
  }
  gc_pop(e->mutator, &frame.frame);
}

/* Gives the function's symbol its code: what was emitted, exactly as long as it is. */
static void define(struct compiler *c, const struct emitter *e, const gc_ref *function)
{
  enum { NAME_SLOT, SYMBOL, CODE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(c->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  const uint32_t instruction_bytes = e->count * (uint32_t)sizeof(struct instruction);
  gc_new(c->mutator, &slot[CODE],
         (struct gc_shape){.fields = CODE_FIELDS,
                           .bytes = (uint32_t)sizeof(struct code_data) + instruction_bytes,
                           .kind = GC_INSTANCE});
  gc_store(c->mutator, slot[CODE], CODE_SYMBOLS, *e->symbols);
  struct code_data *data = code_data(slot[CODE]);
  data->count = e->count;
  data->temporaries = e->temporaries;
  memcpy(data->instructions, gc_bytes(*e->buffer, 0), instruction_bytes);
  const uint32_t arity = list_length(gc_load(c->mutator, *function, NODE_A));
  gc_root(c->mutator, &slot[NAME_SLOT], gc_load(c->mutator, *function, NODE_NAME));
  compiler_take_symbol(c, &slot[NAME_SLOT], arity, &slot[SYMBOL]);
  gc_store(c->mutator, slot[SYMBOL], SYMBOL_CODE, slot[CODE]);
  gc_store(c->mutator, *function, NODE_CODE, slot[CODE]);
  gc_pop(c->mutator, &frame.frame);
}

void compiler_generate(struct compiler *c, const gc_ref *function)
{
  enum { BUFFER, SYMBOLS, ALL, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(c->mutator, &frame.frame);
  struct emitter e = {.mutator = c->mutator, .buffer = &frame.slot[BUFFER], .symbols = &frame.slot[SYMBOLS]};
  list_new(c->mutator, &frame.slot[SYMBOLS]);
  gc_root(c->mutator, &frame.slot[ALL], gc_load(c->mutator, *function, NODE_ALL));
  compiler_count_uses(c->mutator, frame.slot[ALL], gc_load(c->mutator, *function, NODE_VALUE));
  emit_temporaries(&e, &frame.slot[ALL]);
  emit_value(&e, gc_load(c->mutator, *function, NODE_VALUE));
  emit(&e, RETURN, 0);
  define(c, &e, function);
  gc_pop(c->mutator, &frame.frame);
}

/* --- Running.  No safepoint from here to the end of the section. --- */

enum { MACHINE_STACK = 1 << 14 }; /* far above what LEVELS functions of the most nodes need */

/* Runs the symbol's code on arguments that lie below `stack`; what is not defined, or finds no room, comes to 0. */
static int64_t invoke(struct compiler *c, gc_ref symbol, int64_t *stack, const int64_t *end)
{
  const int64_t *arguments = stack - symbol_data(symbol)->arity;
  const gc_ref code = gc_load(c->mutator, symbol, SYMBOL_CODE);
  if (code == NULL) return 0;
  const struct code_data *data = code_data(code);
  if ((uint64_t)data->temporaries + data->count > (uint64_t)(end - stack)) {
    c->failures++;
    return 0;
  }
  int64_t *temporaries = stack;
  int64_t *top = stack + data->temporaries; /* behind the last that was pushed */
  for (const struct instruction *at = data->instructions;; at++) {
    switch (at->operation) {
    case PUSH:
      *top++ = at->operand;
      break;
    case PUSH_ARGUMENT:
      *top++ = arguments[at->operand];
      break;
    case LOAD:
      *top++ = temporaries[at->operand];
      break;
    case STORE:
      temporaries[at->operand] = *--top;
      break;
    case OPERATE:
      top--;
      top[-1] = calculate((enum op)at->operand, top[-1], top[0]);
      break;
    case OPERATE_NEGATE:
      top[-1] = negate(top[-1]);
      break;
    case INVOKE: {
      const gc_ref callee = list_get(c->mutator, gc_load(c->mutator, code, CODE_SYMBOLS), (uint32_t)at->operand);
      const int64_t result = invoke(c, callee, top, end);
      top -= symbol_data(callee)->arity;
      *top++ = result;
      break;
    }
    case JUMP_IF_ZERO:
      if (*--top == 0) at = data->instructions + at->operand - 1;
      break;
    case JUMP:
      at = data->instructions + at->operand - 1;
      break;
    case RETURN:
      return top[-1];
    }
  }
}

gc_ref compiler_find_symbol(const struct compiler *c, gc_ref name)
{
  const int64_t known = dict_find(c->mutator, *c->symbols, string_data(name));
  return known == DICT_NONE ? NULL : dict_value(c->mutator, *c->symbols, (uint32_t)known);
}

static int64_t walk(struct compiler *c, gc_ref node, const int64_t *arguments, int64_t *stack, const int64_t *end);

static int64_t walk_call(struct compiler *c, gc_ref node, const int64_t *arguments, int64_t *stack, const int64_t *end)
{
  int64_t *top = stack;
  for (uint32_t field = NODE_A; field <= NODE_C; field++) {
    const gc_ref argument = gc_load(c->mutator, node, field);
    if (argument == NULL) break;
    const int64_t value = walk(c, argument, arguments, top, end);
    *top++ = value;
  }
  return invoke(c, compiler_find_symbol(c, gc_load(c->mutator, node, NODE_NAME)), top, end);
}

/* What a syntax tree comes to, worked out on the tree itself. */
static int64_t walk(struct compiler *c, gc_ref node, const int64_t *arguments, int64_t *stack, const int64_t *end)
{
  struct node_data *data = node_data(node);
  const gc_ref a = gc_load(c->mutator, node, NODE_A);
  const gc_ref b = gc_load(c->mutator, node, NODE_B);
  switch (data->kind) {
  case NUMBER:
    return data->number;
  case NAME:
    return node_data(a)->kind == LET ? node_data(a)->number : arguments[data->number];
  case NEGATE:
    return negate(walk(c, a, arguments, stack, end));
  case BINARY: {
    const int64_t left = walk(c, a, arguments, stack, end);
    return calculate(data->op, left, walk(c, b, arguments, stack, end));
  }
  case IF:
    return walk(c, walk(c, a, arguments, stack, end) != 0 ? b : gc_load(c->mutator, node, NODE_C), arguments, stack,
                end);
  case LET:
    data->number = walk(c, a, arguments, stack, end);
    return walk(c, b, arguments, stack, end);
  default:
    return walk_call(c, node, arguments, stack, end);
  }
}

/*
 * Runs the code of a symbol on random arguments, and walks the tree of a definition, if there is one here and it is the
 * symbol's last.
 */
void compiler_execute(struct compiler *c, gc_ref symbol, gc_ref definition)
{
  int64_t stack[MACHINE_STACK];
  const int64_t *end = stack + MACHINE_STACK;
  for (uint32_t i = 0; i < ARGUMENTS_MAX; i++) stack[i] = (int64_t)random_below(&c->run->random, 64) - 16;
  const int64_t result = invoke(c, symbol, stack + symbol_data(symbol)->arity, end);
  workload_checksum(c->run, (uint64_t)result);
  if (definition == NULL || gc_load(c->mutator, definition, NODE_CODE) != gc_load(c->mutator, symbol, SYMBOL_CODE))
    return;
  const gc_ref body = gc_load(c->mutator, definition, NODE_B);
  if (walk(c, body, stack, stack + ARGUMENTS_MAX, end) != result) c->failures++;
}
