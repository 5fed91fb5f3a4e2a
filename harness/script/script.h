/*
 * script: a heap program, as data.  docs/heap-scripts.md is the language.
 *
 * A script is a vector of operations, each a row of fixed form; loops and actions are ranges of it.  The parser
 * (parse.h) makes one from text, the packed form (packed.h) reads and writes it as bytes, the printer (print.h) gives
 * back its canonical text, the interpreter (interpret.h) runs it on the collector that is linked, and a driver runs the
 * packed form on a real Python interpreter.  Nothing here depends on a collector.
 *
 * INVARIANTS (script_check)
 *  - Every number that refers to a root, name, class, action, text or operand is within its table.
 *  - REPEAT and ACTION are closed by END in proper nesting; `number` of REPEAT is its count, `target` of REPEAT and
 *    ACTION the position of their END, and of END that of what it closes.  ACTION is at the outermost level only.
 *  - SELF is referred to inside an action only.
 *  - Names, roots, actions and texts are numbered in the order in which the canonical text mentions them, and each of
 *    them is mentioned (script_number).  So a script has one packed form, and its roots are dropped in the same order
 *    whether it was text or bytes.
 *  - Numbers are in the ranges that the parser allows, and names are such that the canonical text can be parsed.
 */
#ifndef GCLAB_HARNESS_SCRIPT_SCRIPT_H
#define GCLAB_HARNESS_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/gc.h"

/*
 * The operations.  One row feeds the parser, the printer, the packed form, the interpreter and its documentation:
 * name in the enumeration, word in the language, what follows it, one line of help.
 */
#define SCRIPT_OPERATIONS(X)                                                                                           \
  X(NEW, "new", "ROOT KIND ...", "make an object and put it into a root")                                              \
  X(LOAD, "load", "ROOT VALUE", "let a root hold what VALUE is: another root, a field, or none")                       \
  X(STORE, "store", "ROOT.FIELD VALUE", "store a reference into a field, a list's element or under a dict's key")      \
  X(APPEND, "append", "ROOT VALUE", "add an element to the end of a list")                                             \
  X(DELETE, "delete", "ROOT.FIELD", "clear a field, take an element out of a list, or a key out of a dict")            \
  X(DROP, "drop", "ROOT", "let a root hold nothing")                                                                   \
  X(WEAK, "weak", "ROOT VALUE [callback ACTION]", "make a weak reference to an instance and put it into a root")       \
  X(DEREF, "deref", "ROOT VALUE", "let the root hold what the weak reference refers to, or none")                      \
  X(COLLECT, "collect", "[GENERATION]", "collect generations 0 to GENERATION (2: everything, the default)")            \
  X(THRESHOLD, "threshold", "T0 [T1 [T2]]", "set the thresholds; those left out stay")                                 \
  X(ENABLE, "enable", "", "collect automatically")                                                                     \
  X(DISABLE, "disable", "", "do not collect automatically")                                                            \
  X(FREEZE, "freeze", "", "move all objects to the permanent generation")                                              \
  X(UNFREEZE, "unfreeze", "", "move the permanent generation to the oldest")                                           \
  X(CLEAR_GARBAGE, "clear_garbage", "", "forget the uncollectable objects that were set aside")                        \
  X(REPEAT, "repeat", "N", "run the operations up to `end` so many times")                                             \
  X(ACTION, "action", "NAME", "what a finalizer or callback does, up to `end`; not run where it stands")               \
  X(END, "end", "", "closes repeat or action")                                                                         \
  X(RANDOM, "random", "SEED OPERATIONS [NAME VALUE]...", "so many random operations, the same for the same seed")      \
  X(PRINT, "print", "ITEM...", "print texts and quantities")                                                           \
  X(EXPECT, "expect", "QUANTITY RELATION NUMBER", "a finding if it does not hold")                                     \
  X(CHECK, "check", "", "verify the whole heap, and compare it with the oracle where one runs")

enum script_code {
#define SCRIPT_ENUMERATE(code, word, form, help) SCRIPT_##code,
  SCRIPT_OPERATIONS(SCRIPT_ENUMERATE)
#undef SCRIPT_ENUMERATE
      SCRIPT_CODES
};

/* Roots are numbered in the order of their first appearance; SELF is what an action is about. */
enum {
  SCRIPT_ROOTS_MAX = 1 << 16,
  SCRIPT_FIELDS_MAX = 1 << 14,
  SCRIPT_NESTING_MAX = 32,
  SCRIPT_BYTES_MAX = 1 << 24,
  SCRIPT_DICT_ROOM_MAX = 4096,
  SCRIPT_NAME_MAX = 255, /* bytes */
  SCRIPT_TEXT_MAX = 4095,
  SCRIPT_THRESHOLD_LEAST = -1000000000,
  SCRIPT_THRESHOLD_MOST = 2000000000
};
#define SCRIPT_SELF UINT32_C(0xffffffff)

/* A field: a number, or the name with that number in `names` where the bit is set. */
#define SCRIPT_NAMED (UINT32_C(1) << 31)

enum script_value_kind { SCRIPT_NONE, SCRIPT_ROOT, SCRIPT_FIELD };

struct script_value {
  enum script_value_kind kind;
  uint32_t root;  /* ROOT, FIELD */
  uint32_t field; /* FIELD */
};

/*
 * What print and expect may ask; of a generation (number), of a value, of a root, or of nothing.  `word` in the
 * language, what follows it, help.
 */
#define SCRIPT_QUANTITIES(X)                                                                                           \
  X(COUNT, "count", GENERATION, "a generation's counter, as gc.get_count()")                                           \
  X(THRESHOLDS, "threshold", GENERATION, "a generation's threshold")                                                   \
  X(COLLECTIONS, "collections", GENERATION, "collections of a generation since the script began")                      \
  X(COLLECTED, "collected", GENERATION, "objects that they found unreachable")                                         \
  X(UNCOLLECTABLE, "uncollectable", GENERATION, "objects that they could not free")                                    \
  X(FOUND, "found", NOTHING, "what the last `collect` returned")                                                       \
  X(LIVE, "live", NOTHING, "objects allocated and not yet freed")                                                      \
  X(FROZEN, "frozen", NOTHING, "objects in the permanent generation since the script began")                           \
  X(ENABLED, "enabled", NOTHING, "1 where collections are automatic, else 0")                                          \
  X(GARBAGE, "garbage", NOTHING, "uncollectable objects that were set aside")                                          \
  X(REFCOUNT, "refcount", VALUE, "references to an object, the question's own not counted")                            \
  X(TRACKED, "tracked", VALUE, "1 where the cycle collector looks at the object, else 0")                              \
  X(GENERATION_OF, "generation", VALUE, "the generation that an object is in; 3: permanent; -1: not tracked")          \
  X(FINALIZED, "finalized", VALUE, "1 where the object's finalizer has run, else 0")                                   \
  X(LENGTH, "length", VALUE, "elements of a list or tuple, keys of a dict, fields of an instance")                     \
  X(IS_NONE, "none", VALUE, "1 where there is no object, else 0")                                                      \
  X(ALIVE, "alive", VALUE, "1 where the weak reference still refers to its target, else 0")                            \
  X(SAME, "same", TWO_VALUES, "1 where both are the same object, else 0")                                              \
  X(RUNS, "runs", ACTION_NAME, "how often an action has been run")

enum script_quantity {
#define SCRIPT_ENUMERATE(quantity, word, argument, help) SCRIPT_ASK_##quantity,
  SCRIPT_QUANTITIES(SCRIPT_ENUMERATE)
#undef SCRIPT_ENUMERATE
      SCRIPT_QUANTITIES_COUNT
};

enum script_argument { SCRIPT_NOTHING, SCRIPT_GENERATION, SCRIPT_VALUE, SCRIPT_TWO_VALUES, SCRIPT_ACTION_NAME };

struct script_term {
  enum script_quantity quantity;
  uint32_t number; /* generation or action */
  struct script_value values[2];
};

enum script_relation { SCRIPT_EQUAL, SCRIPT_UNEQUAL, SCRIPT_LESS, SCRIPT_AT_MOST, SCRIPT_MORE, SCRIPT_AT_LEAST };

/* What operations have more of than fits into their row: a tuple's elements, what print prints, random's options. */
enum script_operand_kind { SCRIPT_OPERAND_VALUE, SCRIPT_OPERAND_TEXT, SCRIPT_OPERAND_TERM, SCRIPT_OPERAND_OPTION };

struct script_operand {
  enum script_operand_kind kind;
  uint32_t text;  /* TEXT: into texts; OPTION: a row of random_options (random_block.h) */
  int64_t number; /* OPTION */
  struct script_value value;
  struct script_term term;
};

enum {
  SCRIPT_TRY = 1 << 0,      /* does nothing where it is not possible, instead of an error */
  SCRIPT_CLASSLESS = 1 << 1 /* NEW instance N, without a class */
};

#define SCRIPT_NOBODY UINT32_C(0xffffffff) /* no action, no class */

struct script_op {
  uint8_t code;     /* enum script_code */
  uint8_t flags;    /* SCRIPT_TRY, ... */
  uint8_t kind;     /* NEW: enum gc_kind */
  uint8_t relation; /* EXPECT */
  uint32_t line, column;
  uint32_t root;   /* what is assigned, or whose field is; COLLECT: the generation; RANDOM: number of operations */
  uint32_t field;  /* STORE, DELETE */
  uint32_t action; /* WEAK: callback; ACTION: itself; or SCRIPT_NOBODY */
  uint32_t size;   /* NEW: fields, or a list's or dict's room; THRESHOLD: how many are given */
  uint32_t length; /* NEW list: elements at birth, all none */
  uint32_t bytes;  /* NEW: raw bytes */
  uint32_t type;   /* NEW instance: class, or SCRIPT_NOBODY */
  uint32_t target; /* REPEAT, ACTION, END */
  uint32_t first, operands; /* operands[first ... first + operands) */
  int64_t number;           /* REPEAT: count; RANDOM: seed; EXPECT: right-hand side */
  int64_t thresholds[3];
  struct script_value value;
  struct script_term term; /* EXPECT */
};

/* A class: named fields, a finalizer perhaps. */
struct script_class {
  uint32_t name;
  uint32_t first_field, field_count; /* names of fields: field_names[first_field ...] */
  uint32_t finalizer;                /* action, or SCRIPT_NOBODY */
  bool legacy;                       /* the finalizer is of the old kind (tp_del) */
  uint32_t line, column;
};

struct script_action {
  uint32_t name;
  uint32_t position;     /* of its ACTION operation; SCRIPT_NOBODY: never defined, an error of the parser */
  uint32_t line, column; /* where it was first mentioned; 0: not in a text */
};

struct script {
  struct script_op *ops;
  size_t op_count, op_capacity;
  struct script_operand *operands;
  size_t operand_count, operand_capacity;
  char **names; /* of roots, fields, keys, classes, actions: each once */
  size_t name_count, name_capacity;
  uint32_t *name_index; /* hash table of numbers of names plus one; 0: empty */
  size_t name_index_capacity;
  uint32_t *roots; /* a root's name; what has no name (made by random) is SCRIPT_NOBODY and prints as %N */
  size_t root_count, root_capacity;
  struct script_class *classes;
  size_t class_count, class_capacity;
  uint32_t *field_names;
  size_t field_name_count, field_name_capacity;
  struct script_action *actions;
  size_t action_count, action_capacity;
  char **texts;
  size_t text_count, text_capacity;
};

/* Memory for a script; where it is NULL, the program ends with a message and exit code 4. */
void *script_require(void *memory);

struct script *script_new(void);
void script_free(struct script *script);

/* Adders; they return the number of what was added (or was there).  Out of memory ends the process with a message. */
uint32_t script_name(struct script *script, const char *name);
uint32_t script_root(struct script *script, uint32_t name); /* SCRIPT_NOBODY: a new one without a name */
uint32_t script_action_named(struct script *script, uint32_t name);
uint32_t script_text(struct script *script, const char *text);
uint32_t script_add_class(struct script *script, struct script_class class);
uint32_t script_add_field_name(struct script *script, uint32_t name);
uint32_t script_add_operand(struct script *script, struct script_operand operand);
size_t script_add_op(struct script *script, struct script_op op);

/* Takes the place of all names: malloc'ed strings in a malloc'ed table with room for `capacity`. */
void script_set_names(struct script *script, char **names, size_t count, size_t capacity);

/*
 * Numbers the tables in the order of the canonical text, and takes out what it does not mention.  For those who build
 * or change scripts; all else of the script must be as script_check wants it.
 */
void script_number(struct script *script);
bool script_is_numbered(const struct script *script);

/* A row with nothing in it: type, action, ... SCRIPT_NOBODY. */
struct script_op script_op_empty(enum script_code code);

/* The class called name, or SCRIPT_NOBODY. */
uint32_t script_class_find(const struct script *script, uint32_t name);

/* The words of the language, from the tables above. */
const char *script_code_word(enum script_code code);
const char *script_code_form(enum script_code code);
const char *script_code_help(enum script_code code);
const char *script_quantity_word(enum script_quantity quantity);
const char *script_quantity_help(enum script_quantity quantity);
enum script_argument script_quantity_argument(enum script_quantity quantity);
const char *script_relation_word(enum script_relation relation);
const char *script_kind_word(enum gc_kind kind);

enum { SCRIPT_ERROR_MAX = 512 };

struct script_error {
  uint32_t line, column;          /* 0: of the whole */
  char message[SCRIPT_ERROR_MAX]; /* what is wrong, and what was expected; no full stop */
};

/* Does every invariant hold?  For what comes from outside (the packed form) and for tests. */
bool script_check(const struct script *script, struct script_error *error);

#endif
