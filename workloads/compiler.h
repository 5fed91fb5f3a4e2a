/*
 * compiler: what the parts of the workload compiler share: operators, what there is on the heap, and what one part does
 * for another.  compiler.c tells the whole story.
 *
 *   compiler.c            descriptor, source text, units
 *   compiler_parse.c      source text to syntax trees
 *   compiler_optimise.c   syntax trees to shared values, which are simplified
 *   compiler_code.c       shared values to code, and running it
 */
#ifndef GCLAB_WORKLOADS_COMPILER_H
#define GCLAB_WORKLOADS_COMPILER_H

#include "workloads/workload.h"

enum { ARGUMENTS_MAX = 3 };

/* --- Operators: what they mean, here once for the simplifier, the walk over the tree, and the machine --- */

enum op { ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, AND, OR, XOR, LESS, EQUAL, OPERATORS };

struct compiler_op {
  char text[3];
  uint8_t precedence; /* higher binds more tightly */
  bool is_commutative;
};

extern const struct compiler_op compiler_ops[OPERATORS];

enum { PRECEDENCE_ANY = 1, PRECEDENCE_UNARY = 7 };

static inline int64_t negate(int64_t a) { return (int64_t)(0 - (uint64_t)a); }

static inline int64_t calculate(enum op op, int64_t a, int64_t b)
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

static inline struct node_data *node_data(gc_ref node) { return gc_bytes(node, NODE_FIELDS); }
static inline struct value_data *value_data(gc_ref value) { return gc_bytes(value, VALUE_FIELDS); }
static inline struct symbol_data *symbol_data(gc_ref symbol) { return gc_bytes(symbol, SYMBOL_FIELDS); }

struct compiler {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *names;     /* root slots: a dict of all names, so that equal ones are one string */
  gc_ref *symbols;   /* a dict of symbols by name */
  uint32_t chains;   /* of the table by which a function's equal values are found, a power of two */
  uint64_t failures; /* of what must hold */
};

/* --- What one part does for another.  Arguments are root slots, where they are not gc_ref. --- */

/* compiler_parse.c: makes the list of the functions of a unit. */
void compiler_parse_unit(struct compiler *c, const gc_ref *text, gc_ref *unit);

/* compiler_optimise.c: gives the function its shared values, simplified until no rule applies. */
void compiler_optimise(struct compiler *c, const gc_ref *function);

/* Puts the symbol of this name into the slot; it is made where there is none. */
void compiler_take_symbol(struct compiler *c, const gc_ref *name, uint32_t arity, gc_ref *slot);

/* Counts what uses each value that the whole needs; all others have no uses.  No safepoint. */
void compiler_count_uses(struct gc_mutator *mutator, gc_ref all, gc_ref whole);

/* compiler_code.c: gives the function's symbol its code. */
void compiler_generate(struct compiler *c, const gc_ref *function);

/* The symbol of this name; NULL: there is none.  No safepoint. */
gc_ref compiler_find_symbol(const struct compiler *c, gc_ref name);

/*
 * Runs the code of a symbol on random arguments, and walks the tree of a definition, if there is one here and it is the
 * symbol's last.  No safepoint.
 */
void compiler_execute(struct compiler *c, gc_ref symbol, gc_ref definition);

#endif
