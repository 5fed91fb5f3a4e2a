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
#include "workloads/compiler.h"

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

enum { LEVELS = 4, LETS_MAX = 8, NODE_TEXT_BYTES_MAX = 48 };

const struct compiler_op compiler_ops[OPERATORS] = {
    [ADD] = {"+", 5, true},     [SUBTRACT] = {"-", 5, false},  [MULTIPLY] = {"*", 6, true},
    [DIVIDE] = {"/", 6, false}, [REMAINDER] = {"%", 6, false}, [AND] = {"&", 4, true},
    [OR] = {"|", 2, true},      [XOR] = {"^", 3, true},        [LESS] = {"<", 1, false},
    [EQUAL] = {"==", 1, true},
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
  const uint32_t own = compiler_ops[op].precedence;
  const bool in_parentheses = own < precedence || random_below(w->random, 16) == 0;
  const uint32_t left = twice ? (nodes - 1) / 2 : random_below(w->random, nodes - 1);
  if (in_parentheses) put(w, "(");
  const struct random start = *w->random;
  put_expression(w, left, lets, own);
  put(w, " ");
  put(w, compiler_ops[op].text);
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

/* --- Units --- */

/* All functions of the unit go through one step before any goes on to the next. */
static void compile_unit(struct compiler *c, const gc_ref *text, gc_ref *unit)
{
  GC_FRAME(frame, 1);
  gc_push(c->mutator, &frame.frame);
  gc_ref *const function = &frame.slot[0];
  workload_phase(c->run, "parse");
  compiler_parse_unit(c, text, unit);
  workload_phase(c->run, "optimise");
  for (uint32_t i = 0; i < list_length(*unit); i++) {
    gc_root(c->mutator, function, list_get(c->mutator, *unit, i));
    compiler_optimise(c, function);
  }
  workload_phase(c->run, "emit");
  for (uint32_t i = 0; i < list_length(*unit); i++) {
    gc_root(c->mutator, function, list_get(c->mutator, *unit, i));
    compiler_generate(c, function);
  }
  gc_pop(c->mutator, &frame.frame);
}

/* No safepoint. */
static void run_unit(struct compiler *c, gc_ref unit)
{
  workload_phase(c->run, "run");
  for (uint32_t i = 0; i < list_length(unit); i++) {
    const gc_ref function = list_get(c->mutator, unit, i);
    const gc_ref symbol = compiler_find_symbol(c, gc_load(c->mutator, function, NODE_NAME));
    compiler_execute(c, symbol, function);
  }
}

static void run_compiler(struct workload_run *run)
{
  const uint64_t units = (uint64_t)run->parameters[UNITS];
  enum { NAMES_SLOT, SYMBOLS, TEXT, UNIT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  struct compiler c = {
      .run = run, .mutator = run->mutator, .names = &slot[NAMES_SLOT], .symbols = &slot[SYMBOLS], .chains = 1};
  while (c.chains < (uint32_t)run->parameters[NODES]) c.chains *= 2;
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
  for (uint32_t i = 0; i < dict_length(*c.symbols); i++)
    compiler_execute(&c, dict_value(run->mutator, *c.symbols, i), NULL);
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
