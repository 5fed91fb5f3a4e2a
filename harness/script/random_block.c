/*
 * Expansion.  What a block generates depends on its seed, its options and nothing else: the heap is not known here, so
 * operations may turn out impossible, and then do nothing.  A block keeps an idea of what each of its roots holds most
 * likely, which makes most operations possible.
 */
#include "harness/script/random_block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static const char *const option_words[] = {
#define ROW(option, word, preset, least, most, help) word,
    SCRIPT_RANDOM_OPTIONS(ROW)
#undef ROW
};

static const char *const option_helps[] = {
#define ROW(option, word, preset, least, most, help) help,
    SCRIPT_RANDOM_OPTIONS(ROW)
#undef ROW
};

static const struct script_random_range option_ranges[] = {
#define ROW(option, word, preset, least, most, help) {preset, least, most},
    SCRIPT_RANDOM_OPTIONS(ROW)
#undef ROW
};

const char *script_random_option_word(enum script_random_option option) { return option_words[option]; }
const char *script_random_option_help(enum script_random_option option) { return option_helps[option]; }
struct script_random_range script_random_option_range(enum script_random_option option)
{
  return option_ranges[option];
}

/* What a root holds as far as the block knows. */
enum guess { GUESS_NOTHING, GUESS_INSTANCE, GUESS_LIST, GUESS_TUPLE, GUESS_DICT, GUESS_ATOM, GUESS_WEAK };

enum { ACTIONS = 4, KEYS = 6, TRIES = 4, LARGE_FIELDS = 4000, LARGE_BYTES = 200000, TUPLE_MAX = 22 };
enum { CHAIN_LEAST = 30, CHAIN_VARIES = 150, BUSY_OPERATIONS = 3 };

struct block {
  struct script *script;
  struct random random;
  int64_t options[SCRIPT_RANDOM_OPTIONS_COUNT];
  int64_t total;       /* of the weights */
  uint32_t first_root; /* the block's own */
  enum guess *guesses;
  uint32_t line, column;
  uint32_t classes[2 * ACTIONS]; /* with a finalizer, and with one of the old kind */
  uint32_t actions[ACTIONS];
};

static uint32_t draw(struct block *block, int64_t bound)
{
  return bound <= 1 ? 0 : random_below(&block->random, (uint32_t)bound);
}

static uint32_t draw_root(struct block *block)
{
  return block->first_root + draw(block, block->options[SCRIPT_RANDOM_ROOTS]);
}

/* A root that holds such a thing, if a few tries find one. */
static uint32_t draw_root_with(struct block *block, enum guess guess)
{
  uint32_t root = draw_root(block);
  for (int i = 0; i < TRIES && block->guesses[root - block->first_root] != guess; i++) root = draw_root(block);
  return root;
}

static uint32_t draw_container(struct block *block)
{
  uint32_t root = draw_root(block);
  for (int i = 0; i < TRIES; i++) {
    const enum guess guess = block->guesses[root - block->first_root];
    if (guess != GUESS_NOTHING && guess != GUESS_ATOM && guess != GUESS_WEAK && guess != GUESS_TUPLE) break;
    root = draw_root(block);
  }
  return root;
}

static uint32_t draw_field(struct block *block) { return draw(block, block->options[SCRIPT_RANDOM_FIELDS] + 1); }

static struct script_value draw_value(struct block *block)
{
  const uint32_t choice = draw(block, 16);
  if (choice == 0) return (struct script_value){.kind = SCRIPT_NONE};
  if (choice < 4)
    return (struct script_value){.kind = SCRIPT_FIELD, .root = draw_container(block), .field = draw_field(block)};
  return (struct script_value){.kind = SCRIPT_ROOT, .root = draw_root(block)};
}

static struct script_op op_of(const struct block *block, enum script_code code)
{
  struct script_op op = script_op_empty(code);
  op.flags = code <= SCRIPT_DEREF ? SCRIPT_TRY : 0;
  op.line = block->line;
  op.column = block->column;
  return op;
}

static bool is_large(struct block *block)
{
  const int64_t one_in = block->options[SCRIPT_RANDOM_LARGE];
  return one_in != 0 && draw(block, one_in) == 0;
}

static void add_new(struct block *block, enum gc_kind kind, enum guess guess, uint32_t type)
{
  struct script_op op = op_of(block, SCRIPT_NEW);
  op.kind = (uint8_t)kind;
  op.root = draw_root(block);
  op.bytes = draw(block, block->options[SCRIPT_RANDOM_BYTES] + 1);
  op.type = type;
  const uint32_t fields = draw_field(block);
  const bool large = is_large(block);
  if (large && draw(block, 2) == 0) op.bytes = 8000 + draw(block, LARGE_BYTES);
  switch (kind) {
  case GC_INSTANCE:
    op.size = type != SCRIPT_NOBODY ? block->script->classes[type].field_count
              : large               ? draw(block, LARGE_FIELDS)
                                    : fields;
    if (type == SCRIPT_NOBODY) op.flags |= SCRIPT_CLASSLESS;
    break;
  case GC_LIST:
    op.length = large ? draw(block, LARGE_FIELDS) : draw(block, (int64_t)fields + 1);
    op.size = op.length + 8;
    break;
  case GC_TUPLE:
    op.size = 1 + (draw(block, 8) == 0 ? draw(block, TUPLE_MAX) : fields);
    op.operands = op.size;
    op.first = (uint32_t)block->script->operand_count;
    for (uint32_t i = 0; i < op.size; i++) {
      const struct script_value value =
          draw(block, 3) == 0 ? (struct script_value){.kind = SCRIPT_NONE} : draw_value(block);
      script_add_operand(block->script, (struct script_operand){.kind = SCRIPT_OPERAND_VALUE, .value = value});
    }
    break;
  case GC_DICT:
    op.size = KEYS + 2;
    break;
  case GC_ATOM:
  case GC_WEAK:
    break;
  }
  block->guesses[op.root - block->first_root] = guess;
  script_add_op(block->script, op);
}

static void add_store(struct block *block)
{
  struct script_op op = op_of(block, SCRIPT_STORE);
  op.root = draw_container(block);
  op.field = block->guesses[op.root - block->first_root] == GUESS_DICT ? draw(block, KEYS) : draw_field(block);
  op.value = draw_value(block);
  script_add_op(block->script, op);
}

static void add_load(struct block *block)
{
  struct script_op op = op_of(block, SCRIPT_LOAD);
  op.root = draw_root(block);
  op.value = draw_value(block);
  if (op.value.kind == SCRIPT_ROOT)
    block->guesses[op.root - block->first_root] = block->guesses[op.value.root - block->first_root];
  script_add_op(block->script, op);
}

static void add_weak(struct block *block)
{
  struct script_op op = op_of(block, SCRIPT_WEAK);
  op.value = (struct script_value){.kind = SCRIPT_ROOT, .root = draw_root_with(block, GUESS_INSTANCE)};
  op.root = draw_root(block);
  if (draw(block, 2) == 0) op.action = block->actions[draw(block, ACTIONS)];
  block->guesses[op.root - block->first_root] = GUESS_WEAK;
  script_add_op(block->script, op);
}

static void add_on_root(struct block *block, enum script_code code)
{
  struct script_op op = op_of(block, code);
  op.root = code == SCRIPT_APPEND ? draw_root_with(block, GUESS_LIST) : draw_root(block);
  if (code == SCRIPT_DELETE) {
    op.root = draw_container(block);
    op.field = draw(block, KEYS);
  }
  if (code == SCRIPT_APPEND) op.value = draw_value(block);
  if (code == SCRIPT_DEREF)
    op.value = (struct script_value){.kind = SCRIPT_ROOT, .root = draw_root_with(block, GUESS_WEAK)};
  if (code == SCRIPT_DROP) block->guesses[op.root - block->first_root] = GUESS_NOTHING;
  if (code == SCRIPT_DEREF) block->guesses[op.root - block->first_root] = GUESS_INSTANCE;
  script_add_op(block->script, op);
}

static void add_control(struct block *block, enum script_random_option option)
{
  static const int64_t thresholds[] = {0, 1, 2, 3, 5, -1, 9, 20, 50, 100, 700};
  enum { THRESHOLDS = sizeof thresholds / sizeof thresholds[0] };
  struct script_op op = op_of(block, SCRIPT_CHECK);
  if (option == SCRIPT_RANDOM_COLLECT) {
    op.code = SCRIPT_COLLECT;
    op.root = draw(block, 3);
  } else if (option == SCRIPT_RANDOM_THRESHOLD) {
    op.code = SCRIPT_THRESHOLD;
    op.size = 1 + draw(block, 3);
    for (uint32_t i = 0; i < op.size; i++) op.thresholds[i] = thresholds[draw(block, i == 0 ? THRESHOLDS : 6)];
  } else if (option == SCRIPT_RANDOM_ENABLE) {
    op.code = draw(block, 4) == 0 ? SCRIPT_DISABLE : SCRIPT_ENABLE;
  } else if (option == SCRIPT_RANDOM_FREEZE) {
    op.code = draw(block, 2) == 0 ? SCRIPT_FREEZE : SCRIPT_UNFREEZE;
  } else if (option == SCRIPT_RANDOM_CLEAR) {
    op.code = SCRIPT_CLEAR_GARBAGE;
  }
  script_add_op(block->script, op);
}

/* An object of a kind that the block makes, with the first root's in its first field, in the second root. */
static void add_link(struct block *block, uint32_t inner, uint32_t outer)
{
  static const struct {
    enum script_random_option option;
    enum gc_kind kind;
    int classes; /* where the block's begin; -1: none */
  } kinds[] = {{SCRIPT_RANDOM_INSTANCE, GC_INSTANCE, -1}, {SCRIPT_RANDOM_LIST, GC_LIST, -1},
               {SCRIPT_RANDOM_TUPLE, GC_TUPLE, -1},       {SCRIPT_RANDOM_DICT, GC_DICT, -1},
               {SCRIPT_RANDOM_FINALIZER, GC_INSTANCE, 0}, {SCRIPT_RANDOM_LEGACY, GC_INSTANCE, ACTIONS}};
  enum { KINDS = sizeof kinds / sizeof kinds[0] };
  uint32_t which = draw(block, KINDS);
  while (block->options[kinds[which].option] == 0 && which != 0) which--;
  const struct script_value value = {.kind = SCRIPT_ROOT, .root = inner};
  struct script_op op = op_of(block, SCRIPT_NEW);
  op.kind = (uint8_t)kinds[which].kind;
  op.root = outer;
  op.size = 2;
  op.length = op.kind == GC_LIST ? 1 : 0;
  if (kinds[which].classes >= 0)
    op.type = block->classes[kinds[which].classes + (int)draw(block, ACTIONS)];
  else if (op.kind == GC_INSTANCE)
    op.flags |= SCRIPT_CLASSLESS;
  if (op.kind == GC_TUPLE) {
    op.size = op.operands = 1;
    op.first = (uint32_t)block->script->operand_count;
    script_add_operand(block->script, (struct script_operand){.kind = SCRIPT_OPERAND_VALUE, .value = value});
  }
  script_add_op(block->script, op);
  if (op.kind == GC_TUPLE) return;
  op = op_of(block, SCRIPT_STORE);
  op.root = outer;
  op.value = value;
  script_add_op(block->script, op);
}

/*
 * Deeper than what CPython deallocates by recursion, mostly; two roots take turns, and the first holds all in the end.
 */
static void add_chain(struct block *block)
{
  const uint32_t inner = draw_root(block);
  const uint32_t outer = draw_root(block);
  const uint32_t links = CHAIN_LEAST + draw(block, CHAIN_VARIES);
  for (uint32_t i = 0; i < links; i++) {
    add_link(block, inner, outer);
    struct script_op op = op_of(block, SCRIPT_LOAD);
    op.root = inner;
    op.value = (struct script_value){.kind = SCRIPT_ROOT, .root = outer};
    script_add_op(block->script, op);
  }
  struct script_op op = op_of(block, SCRIPT_DROP);
  op.root = outer;
  script_add_op(block->script, op);
  block->guesses[inner - block->first_root] = GUESS_INSTANCE;
  block->guesses[outer - block->first_root] = GUESS_NOTHING;
}

static void add_operation(struct block *block, enum script_random_option option)
{
  switch (option) {
  case SCRIPT_RANDOM_INSTANCE:
    add_new(block, GC_INSTANCE, GUESS_INSTANCE, SCRIPT_NOBODY);
    break;
  case SCRIPT_RANDOM_LIST:
    add_new(block, GC_LIST, GUESS_LIST, SCRIPT_NOBODY);
    break;
  case SCRIPT_RANDOM_TUPLE:
    add_new(block, GC_TUPLE, GUESS_TUPLE, SCRIPT_NOBODY);
    break;
  case SCRIPT_RANDOM_DICT:
    add_new(block, GC_DICT, GUESS_DICT, SCRIPT_NOBODY);
    break;
  case SCRIPT_RANDOM_ATOM:
    add_new(block, GC_ATOM, GUESS_ATOM, SCRIPT_NOBODY);
    break;
  case SCRIPT_RANDOM_FINALIZER:
    add_new(block, GC_INSTANCE, GUESS_INSTANCE, block->classes[draw(block, ACTIONS)]);
    break;
  case SCRIPT_RANDOM_LEGACY:
    add_new(block, GC_INSTANCE, GUESS_INSTANCE, block->classes[ACTIONS + draw(block, ACTIONS)]);
    break;
  case SCRIPT_RANDOM_CHAIN:
    add_chain(block);
    break;
  case SCRIPT_RANDOM_WEAK:
    add_weak(block);
    break;
  case SCRIPT_RANDOM_DEREF:
    add_on_root(block, SCRIPT_DEREF);
    break;
  case SCRIPT_RANDOM_STORE:
    add_store(block);
    break;
  case SCRIPT_RANDOM_LOAD:
    add_load(block);
    break;
  case SCRIPT_RANDOM_APPEND:
    add_on_root(block, SCRIPT_APPEND);
    break;
  case SCRIPT_RANDOM_DELETE:
    add_on_root(block, SCRIPT_DELETE);
    break;
  case SCRIPT_RANDOM_DROP:
    add_on_root(block, SCRIPT_DROP);
    break;
  default:
    add_control(block, option);
    break;
  }
}

static uint32_t unused_name(struct script *script, const char *stem)
{
  char name[64];
  for (unsigned i = 0;; i++) {
    snprintf(name, sizeof name, "%s%u", stem, i);
    const size_t before = script->name_count;
    const uint32_t number = script_name(script, name);
    if (script->name_count != before) return number;
  }
}

/* What changes the collector under its own feet.  No weak references are made: docs/correctness.md says why. */
static void add_busy_operation(struct block *block)
{
  static const enum script_random_option controls[] = {SCRIPT_RANDOM_COLLECT, SCRIPT_RANDOM_THRESHOLD,
                                                       SCRIPT_RANDOM_ENABLE, SCRIPT_RANDOM_FREEZE, SCRIPT_RANDOM_CLEAR};
  enum { CONTROLS = sizeof controls / sizeof controls[0], OTHERS = 2 };
  const uint32_t choice = draw(block, CONTROLS + OTHERS);
  if (choice < CONTROLS) {
    add_control(block, controls[choice]);
  } else {
    add_on_root(block, choice == CONTROLS ? SCRIPT_DEREF : SCRIPT_DROP);
  }
}

/* A finalizer or callback: nothing; resurrects; stores itself away; makes garbage and drops a root. */
static void add_action_body(struct block *block, int which)
{
  struct script_op op = op_of(block, SCRIPT_LOAD);
  const struct script_value self = {.kind = SCRIPT_ROOT, .root = SCRIPT_SELF};
  if (which == 1) {
    op.root = draw_root(block);
    op.value = self;
    script_add_op(block->script, op);
  } else if (which == 2) {
    op = op_of(block, SCRIPT_STORE);
    op.root = draw_root(block);
    op.field = draw_field(block);
    op.value = self;
    script_add_op(block->script, op);
  } else if (which == 3) {
    add_new(block, GC_INSTANCE, GUESS_INSTANCE, SCRIPT_NOBODY);
    add_new(block, GC_LIST, GUESS_LIST, SCRIPT_NOBODY);
    add_store(block);
    add_on_root(block, SCRIPT_DROP);
  }
}

static void add_actions(struct block *block)
{
  struct script *script = block->script;
  for (int i = 0; i < ACTIONS; i++) {
    block->actions[i] = script_action_named(script, unused_name(script, "act"));
    struct script_op op = op_of(block, SCRIPT_ACTION);
    op.action = block->actions[i];
    const size_t begin = script_add_op(script, op);
    script->actions[op.action].position = (uint32_t)begin;
    add_action_body(block, i);
    for (int k = 0; k < BUSY_OPERATIONS && block->options[SCRIPT_RANDOM_BUSY] != 0; k++) add_busy_operation(block);
    op = op_of(block, SCRIPT_END);
    op.target = (uint32_t)begin;
    script->ops[begin].target = (uint32_t)script_add_op(script, op);
  }
  for (int i = 0; i < 2 * ACTIONS; i++) {
    struct script_class class = {.name = unused_name(script, i < ACTIONS ? "Final" : "Legacy"),
                                 .first_field = (uint32_t)script->field_name_count,
                                 .field_count = 2,
                                 .finalizer = block->actions[i % ACTIONS],
                                 .legacy = i >= ACTIONS,
                                 .line = block->line,
                                 .column = block->column};
    script_add_field_name(script, script_name(script, "left"));
    script_add_field_name(script, script_name(script, "right"));
    block->classes[i] = script_add_class(script, class);
  }
}

static void read_options(struct block *block, const struct script *source, const struct script_op *op)
{
  for (int i = 0; i < SCRIPT_RANDOM_OPTIONS_COUNT; i++) block->options[i] = option_ranges[i].preset;
  for (uint32_t i = 0; i < op->operands; i++) {
    const struct script_operand *operand = &source->operands[op->first + i];
    block->options[operand->text] = operand->number;
  }
  for (int i = SCRIPT_RANDOM_INSTANCE; i < SCRIPT_RANDOM_OPTIONS_COUNT; i++) block->total += block->options[i];
}

/* Roots, actions and classes of a block come first, so that a block in a loop does not define them in there. */
static void prepare_block(struct block *block, const struct script *source, const struct script_op *op)
{
  block->line = op->line;
  block->column = op->column;
  random_seed(&block->random, (uint64_t)op->number);
  read_options(block, source, op);
  const size_t roots = (size_t)block->options[SCRIPT_RANDOM_ROOTS];
  block->guesses = script_require(calloc(roots, sizeof *block->guesses));
  block->first_root = (uint32_t)block->script->root_count;
  for (size_t i = 0; i < roots; i++) script_root(block->script, SCRIPT_NOBODY);
  if (block->options[SCRIPT_RANDOM_FINALIZER] + block->options[SCRIPT_RANDOM_LEGACY] +
          block->options[SCRIPT_RANDOM_WEAK] >
      0)
    add_actions(block);
}

static void expand_block(struct block *block, const struct script_op *op)
{
  for (uint32_t i = 0; i < op->root && block->total > 0; i++) {
    int64_t at = (int64_t)(((random_u64(&block->random) >> 32) * (uint64_t)block->total) >> 32);
    int option = SCRIPT_RANDOM_INSTANCE;
    while (at >= block->options[option]) at -= block->options[option++];
    add_operation(block, (enum script_random_option)option);
  }
  free(block->guesses);
}

/* Names, texts, classes and so on as they are; numbers stay. */
static void copy_tables(struct script *to, const struct script *from)
{
  for (size_t i = 0; i < from->name_count; i++) script_name(to, from->names[i]);
  for (size_t i = 0; i < from->root_count; i++) {
    script_root(to, SCRIPT_NOBODY);
    to->roots[i] = from->roots[i];
  }
  for (size_t i = 0; i < from->field_name_count; i++) script_add_field_name(to, from->field_names[i]);
  for (size_t i = 0; i < from->class_count; i++) script_add_class(to, from->classes[i]);
  for (size_t i = 0; i < from->action_count; i++) script_action_named(to, from->actions[i].name);
  for (size_t i = 0; i < from->text_count; i++) script_text(to, from->texts[i]);
  for (size_t i = 0; i < from->operand_count; i++) script_add_operand(to, from->operands[i]);
}

struct script *script_expand(const struct script *script)
{
  struct script *expanded = script_new();
  uint32_t open[SCRIPT_NESTING_MAX] = {0};
  uint32_t depth = 0;
  copy_tables(expanded, script);
  size_t blocks = 0;
  for (size_t i = 0; i < script->op_count; i++) blocks += script->ops[i].code == SCRIPT_RANDOM;
  struct block *prepared = script_require(calloc(blocks + 1, sizeof *prepared));
  size_t next = 0;
  for (size_t i = 0; i < script->op_count; i++) {
    if (script->ops[i].code != SCRIPT_RANDOM) continue;
    prepared[next].script = expanded;
    prepare_block(&prepared[next++], script, &script->ops[i]);
  }
  next = 0;
  for (size_t i = 0; i < script->op_count; i++) {
    struct script_op op = script->ops[i];
    if (op.code == SCRIPT_RANDOM) {
      expand_block(&prepared[next++], &op);
      continue;
    }
    if (op.code == SCRIPT_ACTION) expanded->actions[op.action].position = (uint32_t)expanded->op_count;
    if (op.code == SCRIPT_REPEAT || op.code == SCRIPT_ACTION) open[depth++] = (uint32_t)expanded->op_count;
    if (op.code == SCRIPT_END) {
      op.target = open[--depth];
      expanded->ops[op.target].target = (uint32_t)expanded->op_count;
    }
    script_add_op(expanded, op);
  }
  free(prepared);
  script_number(expanded);
  return expanded;
}
