/*
 * compiler: units of source text become syntax trees, shared values, and code for a stack machine, which is run.
 *
 * The life of a compiler's data: some dies at once, much of it with the unit that it belongs to, and some stays.  A
 * unit is parsed into syntax trees whose nodes refer to their parents as well; names are bound by walking up.  Each
 * function is lowered to a graph in which equal expressions are one node (hash-consing; Ershov, 1958), and simplified:
 * a pass makes the graph anew, with at most one rule applied at each node, until no rule applies.  Then code is
 * emitted, values that are used more than once into temporaries, and run.  A unit's trees and graphs die together when
 * it has been run, the trees as cyclic garbage; tables of names and symbols, and the last code for each function, live
 * on, until the function is defined again.
 *
 * The language has functions of one to three arguments, let, if, calls, and operators on 64-bit integers that wrap
 * around; x / 0 and x % 0 are 0.  A function's number says at which of four levels it is, and it calls functions of
 * lower levels alone, so nothing is recursive.  A quarter of all operations have the same operand twice, spelled out,
 * so that there is something to share.  Each function's code must come to what a walk over its syntax tree comes to;
 * differences go into the checksum with the results.
 *
 * Recursion is as deep as expressions are nested, which `nodes` bounds.
 */
#include "workloads/workload.h"

#include <string.h>

#include "workloads/dict.h"
#include "workloads/list.h"

enum { UNITS, FUNCTIONS, NODES, NAMES, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [UNITS] = {.name = "units",
               .unit = "units",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 60,
               .small_value = 2,
               .large_value = 60,
               .minimum = 1,
               .maximum = 1000000,
               .help = "units compiled and run in all"},
    [FUNCTIONS] = {.name = "functions",
                   .unit = "functions",
                   .type = SETTING_INTEGER,
                   .scale = SETTING_LOG,
                   .default_value = 400,
                   .small_value = 4,
                   .large_value = 4000,
                   .minimum = 1,
                   .maximum = 100000,
                   .help = "functions in a unit"},
    [NODES] = {.name = "nodes",
               .unit = "nodes",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 60,
               .small_value = 20,
               .large_value = 60,
               .minimum = 1,
               .maximum = 500,
               .help = "nodes of a function's syntax tree, about"},
    [NAMES] = {.name = "names",
               .unit = "functions",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 5000,
               .small_value = 6,
               .large_value = 50000,
               .minimum = 1,
               .maximum = 10000000,
               .help = "different functions that are defined, and defined again"},
};

enum { LEVELS = 4, ARGUMENTS_MAX = 3, LETS_MAX = 8, NAME_BYTES_MAX = 15, NODE_TEXT_BYTES_MAX = 48 };

/* --- Operators: what they mean, here once for the simplifier, the walk over the tree, and the machine --- */

enum op { ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, AND, OR, XOR, LESS, EQUAL, OPERATORS };

static const struct {
  char text[3];
  uint8_t precedence; /* higher binds more tightly */
  bool is_commutative;
} ops[OPERATORS] = {
    [ADD] = {"+", 5, true},     [SUBTRACT] = {"-", 5, false},  [MULTIPLY] = {"*", 6, true},
    [DIVIDE] = {"/", 6, false}, [REMAINDER] = {"%", 6, false}, [AND] = {"&", 4, true},
    [OR] = {"|", 2, true},      [XOR] = {"^", 3, true},        [LESS] = {"<", 1, false},
    [EQUAL] = {"==", 1, true},
};

enum { PRECEDENCE_ANY = 1, PRECEDENCE_UNARY = 7 };

static int64_t negate(int64_t a) { return (int64_t)(0 - (uint64_t)a); }

static int64_t calculate(enum op op, int64_t a, int64_t b)
{
  const uint64_t x = (uint64_t)a;
  const uint64_t y = (uint64_t)b;
  switch (op) {
  case ADD:
    return (int64_t)(x + y);
  case SUBTRACT:
    return (int64_t)(x - y);
  case MULTIPLY:
    return (int64_t)(x * y);
  case DIVIDE:
    return b == 0 ? 0 : b == -1 ? negate(a) : a / b;
  case REMAINDER:
    return b == 0 || b == -1 ? 0 : a % b;
  case AND:
    return a & b;
  case OR:
    return a | b;
  case XOR:
    return a ^ b;
  case LESS:
    return a < b;
  default:
    return a == b;
  }
}

/* --- What there is on the heap --- */

enum kind { NUMBER, NAME, ARGUMENT, NEGATE, BINARY, IF, CALL, LET, FUNCTION };

/*
 * A node of a syntax tree.  NAME: NODE_A is what binds it, a let or the function.  LET: a value, a body.  FUNCTION: a
 * list of the arguments' names, a body.  CALL: its arguments.  NODE_VALUE: the shared value of a let's first part, or
 * of a function.  A function has no parent and no third part: NODE_ALL is the list of all its shared values, NODE_CODE
 * its code.
 */
enum {
  NODE_PARENT,
  NODE_NAME,
  NODE_A,
  NODE_B,
  NODE_C,
  NODE_VALUE,
  NODE_FIELDS,
  NODE_CODE = NODE_PARENT,
  NODE_ALL = NODE_C
};

struct node_data {
  enum kind kind;
  enum op op;     /* BINARY */
  int64_t number; /* NUMBER; NAME of an argument: which; LET: its value during a walk */
};

/* A shared value.  Operands come first; a call's symbol is one of them. */
enum { VALUE_A, VALUE_B, VALUE_C, VALUE_SYMBOL, OPERANDS, VALUE_NEXT = OPERANDS, VALUE_FORWARD, VALUE_FIELDS };

struct value_data {
  enum kind kind;
  enum op op;
  int64_t number;    /* NUMBER; ARGUMENT: which */
  uint32_t id;       /* its place in the list of all; operands have lower ones */
  uint32_t uses;     /* by other values that are used themselves, and as the whole */
  int32_t temporary; /* where code keeps it, or NONE */
};

enum { NONE = -1 };

/* A function by name; the code of its last definition, or NULL where there has been none. */
enum { SYMBOL_NAME, SYMBOL_CODE, SYMBOL_FIELDS };

struct symbol_data {
  uint32_t id, arity;
};

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

static const struct gc_shape node_shape = {
    .fields = NODE_FIELDS, .bytes = sizeof(struct node_data), .kind = GC_INSTANCE};
static const struct gc_shape value_shape = {
    .fields = VALUE_FIELDS, .bytes = sizeof(struct value_data), .kind = GC_INSTANCE};
static const struct gc_shape symbol_shape = {
    .fields = SYMBOL_FIELDS, .bytes = sizeof(struct symbol_data), .kind = GC_INSTANCE};

static struct node_data *node_data(gc_ref node) { return gc_bytes(node, NODE_FIELDS); }
static struct value_data *value_data(gc_ref value) { return gc_bytes(value, VALUE_FIELDS); }
static struct symbol_data *symbol_data(gc_ref symbol) { return gc_bytes(symbol, SYMBOL_FIELDS); }
static struct code_data *code_data(gc_ref code) { return gc_bytes(code, CODE_FIELDS); }

struct compiler {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *names;     /* root slots: a dict of all names, so that equal ones are one string */
  gc_ref *symbols;   /* a dict of symbols by name */
  uint64_t failures; /* of what must hold */
};

/*
 * --- Making source text ---
 * Straight into the raw bytes of an object; there is no safepoint in all of it.
 */

struct writer {
  char *at;
  struct random *random;
  uint32_t names, level, arity; /* of the function that is being written */
};

static void put(struct writer *w, const char *text)
{
  const size_t length = strlen(text);
  memcpy(w->at, text, length);
  w->at += length;
}

static void put_number(struct writer *w, const char *prefix, uint32_t number)
{
  char digits[10];
  int count = 0;
  put(w, prefix);
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *w->at++ = digits[--count];
}

static uint32_t function_level(uint32_t function) { return function % LEVELS; }
static uint32_t function_arity(uint32_t function) { return function / LEVELS % ARGUMENTS_MAX + 1; }

static void put_expression(struct writer *w, uint32_t nodes, uint32_t lets, uint32_t precedence);

static void put_leaf(struct writer *w, uint32_t lets)
{
  const uint32_t roll = random_below(w->random, 10);
  if (roll < 4) {
    put_number(w, "", random_below(w->random, roll < 3 ? 4 : 1000));
    return;
  }
  const uint32_t variable = random_below(w->random, w->arity + lets);
  put_number(w, variable < w->arity ? "a" : "v", variable < w->arity ? variable : variable - w->arity);
}

/* Two parts.  In a quarter of all cases the second is the first once more, and they do not cancel out. */
static void put_binary(struct writer *w, uint32_t nodes, uint32_t lets, uint32_t precedence)
{
  const bool twice = random_below(w->random, 4) == 0;
  const enum op op = twice ? (random_below(w->random, 2) == 0 ? ADD : MULTIPLY) : random_below(w->random, OPERATORS);
  const uint32_t own = ops[op].precedence;
  const bool in_parentheses = own < precedence || random_below(w->random, 16) == 0;
  const uint32_t left = twice ? (nodes - 1) / 2 : random_below(w->random, nodes - 1);
  if (in_parentheses) put(w, "(");
  const struct random start = *w->random;
  put_expression(w, left, lets, own);
  put(w, " ");
  put(w, ops[op].text);
  put(w, " ");
  const struct random end = *w->random;
  if (twice) *w->random = start;
  put_expression(w, twice ? left : nodes - 1 - left, lets, own + 1);
  if (twice) *w->random = end;
  if (in_parentheses) put(w, ")");
}

static void put_let(struct writer *w, uint32_t nodes, uint32_t lets)
{
  const uint32_t value = random_below(w->random, nodes / 2);
  put_number(w, "(let v", lets);
  put(w, " = ");
  put_expression(w, value, lets, PRECEDENCE_ANY);
  put(w, " in ");
  put_expression(w, nodes - 1 - value, lets + 1, PRECEDENCE_ANY);
  put(w, ")");
}

static void put_if(struct writer *w, uint32_t nodes, uint32_t lets)
{
  put(w, "(if ");
  put_expression(w, nodes / 3, lets, PRECEDENCE_ANY);
  put(w, " then ");
  put_expression(w, nodes / 3, lets, PRECEDENCE_ANY);
  put(w, " else ");
  put_expression(w, nodes / 3, lets, PRECEDENCE_ANY);
  put(w, ")");
}

/* A call of a function of a lower level, if there is one. */
static void put_call(struct writer *w, uint32_t nodes, uint32_t lets)
{
  const uint32_t start = random_below(w->random, w->names);
  const uint32_t callee = start - function_level(start) + random_below(w->random, w->level);
  if (callee >= w->names) {
    put_leaf(w, lets);
    return;
  }
  put_number(w, "f", callee);
  for (uint32_t i = 0; i < function_arity(callee); i++) {
    put(w, i == 0 ? "(" : ", ");
    put_expression(w, (nodes - 1) / function_arity(callee), lets, PRECEDENCE_ANY);
  }
  put(w, ")");
}

/* An expression of about so many nodes, in parentheses where what stands around it binds more tightly. */
static void put_expression(struct writer *w, uint32_t nodes, uint32_t lets, uint32_t precedence)
{
  const uint32_t roll = random_below(w->random, 100);
  if (nodes < 3) {
    put_leaf(w, lets);
  } else if (roll < 8) {
    put(w, "-");
    put_expression(w, nodes - 1, lets, PRECEDENCE_UNARY);
  } else if (roll < 20 && lets < LETS_MAX) {
    put_let(w, nodes, lets);
  } else if (roll < 28) {
    put_if(w, nodes, lets);
  } else if (roll < 34 && w->level > 0) {
    put_call(w, nodes, lets);
  } else {
    put_binary(w, nodes, lets, precedence);
  }
}

/* fun f17(a0, a1) = ...; */
static void put_function(struct writer *w, uint32_t nodes)
{
  const uint32_t function = random_below(w->random, w->names);
  w->level = function_level(function);
  w->arity = function_arity(function);
  put_number(w, "fun f", function);
  for (uint32_t i = 0; i < w->arity; i++) put_number(w, i == 0 ? "(a" : ", a", i);
  put(w, ") = ");
  put_expression(w, nodes, 0, PRECEDENCE_ANY);
  put(w, ";\n");
}

static void make_text(const struct compiler *c, gc_ref *slot)
{
  const int64_t *p = c->run->parameters;
  const uint64_t room = (uint64_t)p[FUNCTIONS] * ((uint64_t)p[NODES] + 2) * NODE_TEXT_BYTES_MAX;
  gc_new(c->mutator, slot, (struct gc_shape){.bytes = (uint32_t)room, .kind = GC_ATOM});
  struct writer w = {.at = gc_bytes(*slot, 0), .random = &c->run->random, .names = (uint32_t)p[NAMES]};
  for (int64_t i = 0; i < p[FUNCTIONS]; i++) put_function(&w, (uint32_t)p[NODES]); /* a NUL follows */
}

/* --- Parsing --- */

enum token { END, A_NUMBER, A_NAME, AN_OPERATOR, A_WORD, A_SIGN };

struct parser {
  struct compiler *c;
  struct gc_mutator *mutator;
  const gc_ref *text; /* root slot */
  uint64_t at;        /* in the text, behind the token */
  enum token token;
  char spelling[NAME_BYTES_MAX + 1];
  enum op op;
  int64_t number;
};

static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static enum token classify(struct parser *p)
{
  static const char *const words[] = {"fun", "let", "in", "if", "then", "else"};
  if (is_letter(p->spelling[0])) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
      if (strcmp(p->spelling, words[i]) == 0) return A_WORD;
    }
    return A_NAME;
  }
  for (enum op each = ADD; each < OPERATORS; each++) {
    if (strcmp(p->spelling, ops[each].text) != 0) continue;
    p->op = each;
    return AN_OPERATOR;
  }
  return A_SIGN;
}

/* Reads the next token.  No safepoint. */
static void advance(struct parser *p)
{
  const char *text = gc_bytes(*p->text, 0);
  const char *c = text + p->at;
  while (*c == ' ' || *c == '\n') c++;
  const char *start = c;
  p->number = 0;
  if (*c == '\0') {
    p->token = END;
  } else if (is_digit(*c)) {
    p->token = A_NUMBER;
    for (; is_digit(*c); c++) p->number = calculate(ADD, calculate(MULTIPLY, p->number, 10), *c - '0');
  } else {
    if (is_letter(*c))
      while (is_letter(*c) || is_digit(*c)) c++;
    else
      c += c[0] == '=' && c[1] == '=' ? 2 : 1;
    const size_t length = c - start > NAME_BYTES_MAX ? NAME_BYTES_MAX : (size_t)(c - start);
    memcpy(p->spelling, start, length);
    p->spelling[length] = '\0';
    p->token = classify(p);
  }
  p->at = (uint64_t)(c - text);
}

/* Is the token this word or sign? */
static bool is_at(const struct parser *p, const char *spelling)
{
  return p->token >= AN_OPERATOR && strcmp(p->spelling, spelling) == 0;
}

/* Goes on behind the word or sign; an error where there is another. */
static void expect(struct parser *p, const char *spelling)
{
  if (!is_at(p, spelling)) p->c->failures++;
  advance(p);
}

/* Puts the token's name into the slot, the one string for all that are equal. */
static void take_name(struct parser *p, gc_ref *slot)
{
  if (p->token != A_NAME) p->c->failures++;
  const uint32_t length = (uint32_t)strlen(p->spelling);
  string_new(p->mutator, slot, length);
  memcpy(string_data(*slot)->text, p->spelling, length);
  string_seal(*slot);
  const int64_t known = dict_find(p->mutator, *p->c->names, string_data(*slot));
  if (known == DICT_NONE)
    dict_put(p->mutator, p->c->names, slot, slot, 0);
  else
    gc_root(p->mutator, slot, dict_key(p->mutator, *p->c->names, (uint32_t)known));
  advance(p);
}

static void make_node(struct parser *p, gc_ref *slot, enum kind kind)
{
  gc_new(p->mutator, slot, node_shape);
  node_data(*slot)->kind = kind;
}

/* Makes a node, which may be NULL, a child of another. */
static void adopt(struct parser *p, const gc_ref *parent, uint32_t field, const gc_ref *child)
{
  gc_store(p->mutator, *parent, field, *child);
  if (*child != NULL) gc_store(p->mutator, *child, NODE_PARENT, *parent);
}

static void parse_expression(struct parser *p, gc_ref *slot);

/* The node in `slot` gets the expression that begins here as its child. */
static void parse_child(struct parser *p, const gc_ref *slot, uint32_t field)
{
  GC_FRAME(frame, 1);
  gc_push(p->mutator, &frame.frame);
  parse_expression(p, &frame.slot[0]);
  adopt(p, slot, field, &frame.slot[0]);
  gc_pop(p->mutator, &frame.frame);
}

static void parse_name_or_call(struct parser *p, gc_ref *slot)
{
  GC_FRAME(frame, 1);
  gc_push(p->mutator, &frame.frame);
  take_name(p, &frame.slot[0]);
  const bool is_call = is_at(p, "(");
  make_node(p, slot, is_call ? CALL : NAME);
  gc_store(p->mutator, *slot, NODE_NAME, frame.slot[0]);
  gc_pop(p->mutator, &frame.frame);
  if (!is_call) return;
  for (uint32_t field = NODE_A; field <= NODE_C; field++) {
    advance(p);
    parse_child(p, slot, field);
    if (!is_at(p, ",")) break;
  }
  expect(p, ")");
}

static void parse_let(struct parser *p, gc_ref *slot)
{
  GC_FRAME(frame, 1);
  gc_push(p->mutator, &frame.frame);
  make_node(p, slot, LET);
  take_name(p, &frame.slot[0]);
  gc_store(p->mutator, *slot, NODE_NAME, frame.slot[0]);
  gc_pop(p->mutator, &frame.frame);
  expect(p, "=");
  parse_child(p, slot, NODE_A);
  expect(p, "in");
  parse_child(p, slot, NODE_B);
}

static void parse_if(struct parser *p, gc_ref *slot)
{
  make_node(p, slot, IF);
  parse_child(p, slot, NODE_A);
  expect(p, "then");
  parse_child(p, slot, NODE_B);
  expect(p, "else");
  parse_child(p, slot, NODE_C);
}

static void parse_unary(struct parser *p, gc_ref *slot)
{
  if (is_at(p, "-")) {
    advance(p);
    GC_FRAME(frame, 1);
    gc_push(p->mutator, &frame.frame);
    parse_unary(p, &frame.slot[0]);
    make_node(p, slot, NEGATE);
    adopt(p, slot, NODE_A, &frame.slot[0]);
    gc_pop(p->mutator, &frame.frame);
  } else if (is_at(p, "(")) {
    advance(p);
    parse_expression(p, slot);
    expect(p, ")");
  } else if (p->token == A_NUMBER) {
    make_node(p, slot, NUMBER);
    node_data(*slot)->number = p->number;
    advance(p);
  } else {
    parse_name_or_call(p, slot);
  }
}

/* Precedence climbing (Richards; Clarke, 1986): operators that bind at least so tightly. */
static void parse_binary(struct parser *p, uint32_t precedence, gc_ref *slot)
{
  parse_unary(p, slot);
  enum { RIGHT, NEW, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(p->mutator, &frame.frame);
  while (p->token == AN_OPERATOR && ops[p->op].precedence >= precedence) {
    const enum op op = p->op;
    advance(p);
    parse_binary(p, ops[op].precedence + 1u, &frame.slot[RIGHT]);
    make_node(p, &frame.slot[NEW], BINARY);
    node_data(frame.slot[NEW])->op = op;
    adopt(p, &frame.slot[NEW], NODE_A, slot);
    adopt(p, &frame.slot[NEW], NODE_B, &frame.slot[RIGHT]);
    gc_root(p->mutator, slot, frame.slot[NEW]);
  }
  gc_pop(p->mutator, &frame.frame);
}

static void parse_expression(struct parser *p, gc_ref *slot)
{
  const bool is_let = is_at(p, "let");
  if (is_let || is_at(p, "if")) {
    advance(p);
    if (is_let)
      parse_let(p, slot);
    else
      parse_if(p, slot);
  } else {
    parse_binary(p, PRECEDENCE_ANY, slot);
  }
}

static void parse_function(struct parser *p, gc_ref *slot)
{
  enum { NAME_SLOT, ARGUMENTS, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(p->mutator, &frame.frame);
  make_node(p, slot, FUNCTION);
  expect(p, "fun");
  take_name(p, &frame.slot[NAME_SLOT]);
  gc_store(p->mutator, *slot, NODE_NAME, frame.slot[NAME_SLOT]);
  list_new(p->mutator, &frame.slot[ARGUMENTS]);
  do {
    advance(p);
    take_name(p, &frame.slot[NAME_SLOT]);
    list_append(p->mutator, &frame.slot[ARGUMENTS], &frame.slot[NAME_SLOT]);
  } while (is_at(p, ","));
  gc_store(p->mutator, *slot, NODE_A, frame.slot[ARGUMENTS]);
  gc_pop(p->mutator, &frame.frame);
  expect(p, ")");
  expect(p, "=");
  parse_child(p, slot, NODE_B);
  expect(p, ";");
}

/* Makes the list of the functions of a unit. */
static void parse_unit(struct compiler *c, const gc_ref *text, gc_ref *unit)
{
  struct parser p = {.c = c, .mutator = c->mutator, .text = text};
  GC_FRAME(frame, 1);
  gc_push(c->mutator, &frame.frame);
  list_new(c->mutator, unit);
  advance(&p);
  while (p.token != END) {
    parse_function(&p, &frame.slot[0]);
    list_append(c->mutator, unit, &frame.slot[0]);
  }
  gc_pop(c->mutator, &frame.frame);
}

/* --- Symbols --- */

/* Puts the symbol of this name (a root slot) into the slot; it is made where there is none. */
static void take_symbol(struct compiler *c, const gc_ref *name, uint32_t arity, gc_ref *slot)
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
  uint32_t chains;     /* a power of two */
};

static void graph_new(const struct graph *g)
{
  gc_new(g->mutator, g->table, (struct gc_shape){.fields = g->chains, .kind = GC_LIST});
  list_new(g->mutator, g->all);
}

static uint32_t graph_chain(const struct graph *g, const struct value_data *data, const gc_ref *operands)
{
  uint64_t state = (uint64_t)data->number ^ (uint64_t)(data->kind * OPERATORS + data->op) << 32;
  for (uint32_t i = VALUE_A; i <= VALUE_C; i++) {
    if (operands[i] != NULL) state = random_mix64(&state) ^ value_data(operands[i])->id;
  }
  if (operands[VALUE_SYMBOL] != NULL) state += symbol_data(operands[VALUE_SYMBOL])->id;
  return (uint32_t)random_mix64(&state) & (g->chains - 1);
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
static void count_uses(struct gc_mutator *mutator, gc_ref all, gc_ref whole)
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
    take_symbol(g->c, &frame.slot[NAME_SLOT], arity, &frame.slot[VALUE_SYMBOL]);
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
  if (op == EQUAL || !ops[op].is_commutative || value_data(operands[VALUE_B])->kind != NUMBER ||
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
  if (!ops[op].is_commutative || value_data(operands[VALUE_A])->kind != NUMBER) return false;
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
  count_uses(mutator, *old, *whole);
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
static void optimise(struct compiler *c, const gc_ref *function)
{
  enum { TABLE, ALL, OLD, WHOLE, BODY, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(c->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  struct graph g = {.c = c, .mutator = c->mutator, .table = &slot[TABLE], .all = &slot[ALL], .chains = 1};
  while (g.chains < (uint32_t)c->run->parameters[NODES]) g.chains *= 2;
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
  take_symbol(c, &slot[NAME_SLOT], arity, &slot[SYMBOL]);
  gc_store(c->mutator, slot[SYMBOL], SYMBOL_CODE, slot[CODE]);
  gc_store(c->mutator, *function, NODE_CODE, slot[CODE]);
  gc_pop(c->mutator, &frame.frame);
}

static void generate(struct compiler *c, const gc_ref *function)
{
  enum { BUFFER, SYMBOLS, ALL, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(c->mutator, &frame.frame);
  struct emitter e = {.mutator = c->mutator, .buffer = &frame.slot[BUFFER], .symbols = &frame.slot[SYMBOLS]};
  list_new(c->mutator, &frame.slot[SYMBOLS]);
  gc_root(c->mutator, &frame.slot[ALL], gc_load(c->mutator, *function, NODE_ALL));
  count_uses(c->mutator, frame.slot[ALL], gc_load(c->mutator, *function, NODE_VALUE));
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

static gc_ref find_symbol(const struct compiler *c, gc_ref name)
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
  return invoke(c, find_symbol(c, gc_load(c->mutator, node, NODE_NAME)), top, end);
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
static void execute(struct compiler *c, gc_ref symbol, gc_ref definition)
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

/* --- Units --- */

/* All functions of the unit go through one step before any goes on to the next. */
static void compile_unit(struct compiler *c, const gc_ref *text, gc_ref *unit)
{
  GC_FRAME(frame, 1);
  gc_push(c->mutator, &frame.frame);
  gc_ref *const function = &frame.slot[0];
  workload_phase(c->run, "parse");
  parse_unit(c, text, unit);
  workload_phase(c->run, "optimise");
  for (uint32_t i = 0; i < list_length(*unit); i++) {
    gc_root(c->mutator, function, list_get(c->mutator, *unit, i));
    optimise(c, function);
  }
  workload_phase(c->run, "emit");
  for (uint32_t i = 0; i < list_length(*unit); i++) {
    gc_root(c->mutator, function, list_get(c->mutator, *unit, i));
    generate(c, function);
  }
  gc_pop(c->mutator, &frame.frame);
}

/* No safepoint. */
static void run_unit(struct compiler *c, gc_ref unit)
{
  workload_phase(c->run, "run");
  for (uint32_t i = 0; i < list_length(unit); i++) {
    const gc_ref function = list_get(c->mutator, unit, i);
    const gc_ref symbol = find_symbol(c, gc_load(c->mutator, function, NODE_NAME));
    execute(c, symbol, function);
  }
}

static void run_compiler(struct workload_run *run)
{
  const uint64_t units = (uint64_t)run->parameters[UNITS];
  enum { NAMES_SLOT, SYMBOLS, TEXT, UNIT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  struct compiler c = {.run = run, .mutator = run->mutator, .names = &slot[NAMES_SLOT], .symbols = &slot[SYMBOLS]};
  dict_new(run->mutator, c.names);
  dict_new(run->mutator, c.symbols);
  for (uint64_t i = 0; i < units; i++) {
    make_text(&c, &slot[TEXT]);
    compile_unit(&c, &slot[TEXT], &slot[UNIT]);
    run_unit(&c, slot[UNIT]);
    gc_root(run->mutator, &slot[TEXT], NULL);
    gc_root(run->mutator, &slot[UNIT], NULL);
    workload_progress(run, i + 1, units);
  }

  workload_phase(run, "check");
  for (uint32_t i = 0; i < dict_length(*c.symbols); i++) execute(&c, dict_value(run->mutator, *c.symbols, i), NULL);
  workload_checksum(run, c.failures);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_compiler = {
    .name = "compiler",
    .summary = "source text to syntax trees with parent pointers, to shared values, to code, which is run",
    .source = "gclab",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_compiler,
};
