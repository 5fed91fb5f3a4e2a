/*
 * compiler_optimise: a syntax tree becomes a graph in which equal expressions are one value, and the graph is made anew
 * until it cannot be simplified any more.
 */
#include "workloads/compiler.h"

#include "workloads/dict.h"
#include "workloads/list.h"

static const struct gc_shape value_shape = {
    .fields = VALUE_FIELDS, .bytes = sizeof(struct value_data), .kind = GC_INSTANCE};
static const struct gc_shape symbol_shape = {
    .fields = SYMBOL_FIELDS, .bytes = sizeof(struct symbol_data), .kind = GC_INSTANCE};

/* Puts the symbol of this name (a root slot) into the slot; it is made where there is none. */
void compiler_take_symbol(struct compiler *c, const gc_ref *name, uint32_t arity, gc_ref *slot)
{
  const int64_t known = dict_find(c->mutator, *c->symbols, string_data(*name));
  if (known != DICT_NONE) {
    gc_root(c->mutator, slot, dict_value(c->mutator, *c->symbols, (uint32_t)known));
    if (symbol_data(*slot)->arity != arity) c->failures++;
    return;
  }
  gc_new(c->mutator, slot, symbol_shape);
  *symbol_data(*slot) = (struct symbol_data){.id = dict_length(*c->symbols), .arity = arity};
  gc_store(c->mutator, *slot, SYMBOL_NAME, *name);
  dict_put(c->mutator, c->symbols, name, slot, 0);
}

/*
 * --- Shared values ---
 * A graph is the list of its values, in an order in which operands come before what uses them, and a table of chains to
 * find equal ones by.
 */

struct graph {
  struct compiler *c;
  struct gc_mutator *mutator;
  gc_ref *table, *all; /* root slots */
};

static void graph_new(const struct graph *g)
{
  gc_new(g->mutator, g->table, (struct gc_shape){.fields = g->c->chains, .kind = GC_LIST});
  list_new(g->mutator, g->all);
}

static uint32_t graph_chain(const struct graph *g, const struct value_data *data, const gc_ref *operands)
{
  uint64_t state = (uint64_t)data->number ^ (uint64_t)(data->kind * OPERATORS + data->op) << 32;
  for (uint32_t i = VALUE_A; i <= VALUE_C; i++) {
    if (operands[i] != NULL) state = random_mix64(&state) ^ value_data(operands[i])->id;
  }
  if (operands[VALUE_SYMBOL] != NULL) state += symbol_data(operands[VALUE_SYMBOL])->id;
  return (uint32_t)random_mix64(&state) & (g->c->chains - 1);
}

static bool value_equals(struct gc_mutator *mutator, gc_ref value, const struct value_data *data,
                         const gc_ref *operands)
{
  const struct value_data *own = value_data(value);
  if (own->kind != data->kind || own->op != data->op || own->number != data->number) return false;
  for (uint32_t i = 0; i < OPERANDS; i++) {
    if (gc_load(mutator, value, i) != operands[i]) return false;
  }
  return true;
}

/*
 * Puts the value of this kind, operator and number into the slot, the one there is or a new one.  operands: as many
 * root slots as there are operands, in a row; slot is none of them.
 */
static void share(const struct graph *g, struct value_data data, const gc_ref *operands, gc_ref *slot)
{
  struct gc_mutator *mutator = g->mutator;
  const uint32_t chain = graph_chain(g, &data, operands);
  gc_ref value = gc_load(mutator, *g->table, chain);
  while (value != NULL && !value_equals(mutator, value, &data, operands)) value = gc_load(mutator, value, VALUE_NEXT);
  if (value != NULL) {
    gc_root(mutator, slot, value);
    return;
  }
  gc_new(mutator, slot, value_shape);
  data.id = list_length(*g->all);
  data.temporary = NONE;
  *value_data(*slot) = data;
  for (uint32_t i = 0; i < OPERANDS; i++) gc_store(mutator, *slot, i, operands[i]);
  gc_store(mutator, *slot, VALUE_NEXT, gc_load(mutator, *g->table, chain));
  gc_store(mutator, *g->table, chain, *slot);
  list_append(mutator, g->all, slot);
}

static void share_number(const struct graph *g, int64_t number, gc_ref *slot)
{
  GC_FRAME(none, OPERANDS);
  gc_push(g->mutator, &none.frame);
  share(g, (struct value_data){.kind = NUMBER, .number = number}, none.slot, slot);
  gc_pop(g->mutator, &none.frame);
}

/* Counts what uses each value that the whole needs; all others have no uses.  No safepoint. */
void compiler_count_uses(struct gc_mutator *mutator, gc_ref all, gc_ref whole)
{
  const uint32_t length = list_length(all);
  for (uint32_t i = 0; i < length; i++) value_data(list_get(mutator, all, i))->uses = 0;
  value_data(whole)->uses = 1;
  for (uint32_t i = length; i > 0; i--) {
    const gc_ref value = list_get(mutator, all, i - 1);
    if (value_data(value)->uses == 0) continue;
    for (uint32_t operand = VALUE_A; operand <= VALUE_C; operand++) {
      const gc_ref used = gc_load(mutator, value, operand);
      if (used != NULL) value_data(used)->uses++;
    }
  }
}

/* --- From syntax trees to shared values --- */

/* Which argument of the function has this name, or NONE. */
static int64_t find_argument(struct gc_mutator *mutator, gc_ref function, gc_ref name)
{
  const gc_ref arguments = gc_load(mutator, function, NODE_A);
  for (uint32_t i = 0; i < list_length(arguments); i++) {
    if (list_get(mutator, arguments, i) == name) return i;
  }
  return NONE;
}

/* Finds what binds a name: the nearest let around it, in whose second part it is, or else the function. */
static void bind(struct compiler *c, gc_ref name)
{
  struct gc_mutator *mutator = c->mutator;
  const gc_ref spelling = gc_load(mutator, name, NODE_NAME);
  gc_ref child = name;
  gc_ref node = gc_load(mutator, name, NODE_PARENT);
  while (node_data(node)->kind != FUNCTION) {
    if (node_data(node)->kind == LET && gc_load(mutator, node, NODE_NAME) == spelling &&
        gc_load(mutator, node, NODE_B) == child)
      break;
    child = node;
    node = gc_load(mutator, node, NODE_PARENT);
  }
  if (node_data(node)->kind == FUNCTION) {
    const int64_t argument = find_argument(mutator, node, spelling);
    if (argument == NONE) c->failures++;
    node_data(name)->number = argument == NONE ? 0 : argument;
  }
  gc_store(mutator, name, NODE_A, node);
}

static void lower(const struct graph *g, const gc_ref *node, gc_ref *slot);

static void lower_name(const struct graph *g, const gc_ref *node, gc_ref *slot)
{
  bind(g->c, *node);
  const gc_ref binder = gc_load(g->mutator, *node, NODE_A);
  if (node_data(binder)->kind == LET) {
    gc_root(g->mutator, slot, gc_load(g->mutator, binder, NODE_VALUE));
    return;
  }
  GC_FRAME(none, OPERANDS);
  gc_push(g->mutator, &none.frame);
  share(g, (struct value_data){.kind = ARGUMENT, .number = node_data(*node)->number}, none.slot, slot);
  gc_pop(g->mutator, &none.frame);
}

/* A let has no value of its own: its first part's is kept for its names, its second part's is its. */
static void lower_let(const struct graph *g, const gc_ref *node, gc_ref *slot)
{
  GC_FRAME(frame, 1);
  gc_push(g->mutator, &frame.frame);
  gc_root(g->mutator, &frame.slot[0], gc_load(g->mutator, *node, NODE_A));
  lower(g, &frame.slot[0], slot);
  gc_store(g->mutator, *node, NODE_VALUE, *slot);
  gc_root(g->mutator, &frame.slot[0], gc_load(g->mutator, *node, NODE_B));
  lower(g, &frame.slot[0], slot);
  gc_pop(g->mutator, &frame.frame);
}

static void lower_operation(const struct graph *g, const gc_ref *node, gc_ref *slot)
{
  struct gc_mutator *mutator = g->mutator;
  enum { CHILD = OPERANDS, NAME_SLOT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  uint32_t arity = 0;
  for (; arity < ARGUMENTS_MAX && gc_load(mutator, *node, NODE_A + arity) != NULL; arity++) {
    gc_root(mutator, &frame.slot[CHILD], gc_load(mutator, *node, NODE_A + arity));
    lower(g, &frame.slot[CHILD], &frame.slot[VALUE_A + arity]);
  }
  if (node_data(*node)->kind == CALL) {
    gc_root(mutator, &frame.slot[NAME_SLOT], gc_load(mutator, *node, NODE_NAME));
    compiler_take_symbol(g->c, &frame.slot[NAME_SLOT], arity, &frame.slot[VALUE_SYMBOL]);
  }
  const struct node_data data = *node_data(*node);
  share(g, (struct value_data){.kind = data.kind, .op = data.op}, frame.slot, slot);
  gc_pop(mutator, &frame.frame);
}

/* Puts the value of a syntax tree into the slot. */
static void lower(const struct graph *g, const gc_ref *node, gc_ref *slot)
{
  switch (node_data(*node)->kind) {
  case NUMBER:
    share_number(g, node_data(*node)->number, slot);
    break;
  case NAME:
    lower_name(g, node, slot);
    break;
  case LET:
    lower_let(g, node, slot);
    break;
  default:
    lower_operation(g, node, slot);
  }
}

/*
 * --- Simplifying ---
 * Rules look at one operation whose operands are values of the new graph, and put what it may be replaced by into the
 * slot; false: none applies.
 */

static bool is_number(gc_ref value, int64_t number)
{
  return value_data(value)->kind == NUMBER && value_data(value)->number == number;
}

/* a op a */
static bool simplify_equal(const struct graph *g, enum op op, const gc_ref *operands, gc_ref *slot)
{
  switch (op) {
  case SUBTRACT:
  case REMAINDER:
  case XOR:
  case LESS:
    share_number(g, 0, slot);
    return true;
  case EQUAL:
    share_number(g, 1, slot);
    return true;
  case AND:
  case OR:
    gc_root(g->mutator, slot, operands[VALUE_A]);
    return true;
  default:
    return false;
  }
}

/* a op b, where b is a number that makes no difference, or alone decides. */
static bool simplify_neutral(const struct graph *g, enum op op, const gc_ref *operands, gc_ref *slot)
{
  const gc_ref b = operands[VALUE_B];
  const bool adds = op == ADD || op == SUBTRACT || op == OR || op == XOR;
  const bool multiplies = op == MULTIPLY || op == DIVIDE;
  if ((adds && is_number(b, 0)) || (multiplies && is_number(b, 1)) || (op == AND && is_number(b, -1))) {
    gc_root(g->mutator, slot, operands[VALUE_A]);
    return true;
  }
  const bool vanishes = multiplies || op == REMAINDER || op == AND;
  if ((vanishes && is_number(b, 0)) || (op == REMAINDER && is_number(b, 1))) {
    share_number(g, 0, slot);
    return true;
  }
  return false;
}

/* (a op m) op n, where op is associative and commutative, is a op (m op n). */
static bool simplify_nested(const struct graph *g, enum op op, const gc_ref *operands, gc_ref *slot)
{
  const gc_ref a = operands[VALUE_A];
  if (op == EQUAL || !compiler_ops[op].is_commutative || value_data(operands[VALUE_B])->kind != NUMBER ||
      value_data(a)->kind != BINARY || value_data(a)->op != op)
    return false;
  const gc_ref inner = gc_load(g->mutator, a, VALUE_B);
  if (value_data(inner)->kind != NUMBER) return false;
  const int64_t number = calculate(op, value_data(inner)->number, value_data(operands[VALUE_B])->number);
  GC_FRAME(frame, OPERANDS);
  gc_push(g->mutator, &frame.frame);
  gc_root(g->mutator, &frame.slot[VALUE_A], gc_load(g->mutator, a, VALUE_A));
  share_number(g, number, &frame.slot[VALUE_B]);
  share(g, (struct value_data){.kind = BINARY, .op = op}, frame.slot, slot);
  gc_pop(g->mutator, &frame.frame);
  return true;
}

/* n op a is a op n, so that the other rules need to look at one side alone. */
static bool simplify_order(const struct graph *g, enum op op, const gc_ref *operands, gc_ref *slot)
{
  if (!compiler_ops[op].is_commutative || value_data(operands[VALUE_A])->kind != NUMBER) return false;
  GC_FRAME(frame, OPERANDS);
  gc_push(g->mutator, &frame.frame);
  gc_root(g->mutator, &frame.slot[VALUE_A], operands[VALUE_B]);
  gc_root(g->mutator, &frame.slot[VALUE_B], operands[VALUE_A]);
  share(g, (struct value_data){.kind = BINARY, .op = op}, frame.slot, slot);
  gc_pop(g->mutator, &frame.frame);
  return true;
}

static bool simplify_binary(const struct graph *g, enum op op, const gc_ref *operands, gc_ref *slot)
{
  const struct value_data *a = value_data(operands[VALUE_A]);
  const struct value_data *b = value_data(operands[VALUE_B]);
  if (a->kind == NUMBER && b->kind == NUMBER) {
    share_number(g, calculate(op, a->number, b->number), slot);
    return true;
  }
  if (operands[VALUE_A] == operands[VALUE_B] && simplify_equal(g, op, operands, slot)) return true;
  return simplify_neutral(g, op, operands, slot) || simplify_nested(g, op, operands, slot) ||
         simplify_order(g, op, operands, slot);
}

static bool simplify_negate(const struct graph *g, const gc_ref *operands, gc_ref *slot)
{
  const gc_ref a = operands[VALUE_A];
  if (value_data(a)->kind == NEGATE)
    gc_root(g->mutator, slot, gc_load(g->mutator, a, VALUE_A));
  else if (value_data(a)->kind == NUMBER)
    share_number(g, negate(value_data(a)->number), slot);
  else
    return false;
  return true;
}

static bool simplify_if(const struct graph *g, const gc_ref *operands, gc_ref *slot)
{
  const gc_ref condition = operands[VALUE_A];
  if (value_data(condition)->kind != NUMBER && operands[VALUE_B] != operands[VALUE_C]) return false;
  gc_root(g->mutator, slot, operands[is_number(condition, 0) ? VALUE_C : VALUE_B]);
  return true;
}

/* Puts the operation of this kind on these operands into the slot, simplified by one rule if one applies: then true. */
static bool simplify(const struct graph *g, const struct value_data *data, const gc_ref *operands, gc_ref *slot)
{
  const bool is_simpler = data->kind == BINARY   ? simplify_binary(g, data->op, operands, slot)
                          : data->kind == NEGATE ? simplify_negate(g, operands, slot)
                          : data->kind == IF     ? simplify_if(g, operands, slot)
                                                 : false;
  if (!is_simpler) share(g, *data, operands, slot);
  return is_simpler;
}

/* Makes the graph `g` of all that the whole needs of another graph, whose list is `old`.  True: a rule was applied. */
static bool simplify_graph(const struct graph *g, const gc_ref *old, gc_ref *whole)
{
  struct gc_mutator *mutator = g->mutator;
  enum { VALUE = OPERANDS, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  bool is_simpler = false;
  graph_new(g);
  compiler_count_uses(mutator, *old, *whole);
  for (uint32_t i = 0; i < list_length(*old); i++) {
    gc_root(mutator, &slot[VALUE], list_get(mutator, *old, i));
    const struct value_data *data = value_data(slot[VALUE]);
    if (data->uses == 0) continue;
    const struct value_data key = {.kind = data->kind, .op = data->op, .number = data->number};
    for (uint32_t operand = VALUE_A; operand <= VALUE_C; operand++) {
      const gc_ref used = gc_load(mutator, slot[VALUE], operand);
      gc_root(mutator, &slot[operand], used == NULL ? NULL : gc_load(mutator, used, VALUE_FORWARD));
    }
    gc_root(mutator, &slot[VALUE_SYMBOL], gc_load(mutator, slot[VALUE], VALUE_SYMBOL));
    if (simplify(g, &key, slot, &slot[NEW])) is_simpler = true;
    gc_store(mutator, slot[VALUE], VALUE_FORWARD, slot[NEW]);
  }
  gc_root(mutator, whole, gc_load(mutator, *whole, VALUE_FORWARD));
  gc_pop(mutator, &frame.frame);
  return is_simpler;
}

/* Gives the function its shared values, simplified until no rule applies. */
void compiler_optimise(struct compiler *c, const gc_ref *function)
{
  enum { TABLE, ALL, OLD, WHOLE, BODY, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(c->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  const struct graph g = {.c = c, .mutator = c->mutator, .table = &slot[TABLE], .all = &slot[ALL]};
  graph_new(&g);
  gc_root(c->mutator, &slot[BODY], gc_load(c->mutator, *function, NODE_B));
  lower(&g, &slot[BODY], &slot[WHOLE]);
  uint64_t passes = 0;
  bool is_simpler = true;
  while (is_simpler) {
    gc_root(c->mutator, &slot[OLD], slot[ALL]);
    is_simpler = simplify_graph(&g, &slot[OLD], &slot[WHOLE]);
    passes++;
  }
  workload_checksum(c->run, passes << 32 | list_length(slot[ALL]));
  gc_store(c->mutator, *function, NODE_VALUE, slot[WHOLE]);
  gc_store(c->mutator, *function, NODE_ALL, slot[ALL]);
  gc_pop(c->mutator, &frame.frame);
}
