#include "tests/fuzz/heap_program.h"

#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum {
  ROOTS = 6,
  ACTIONS = 5,
  ACTION_OPS_MAX = 4,
  NESTING_MAX = 2,
  LARGE_MAX = 12,        /* large objects in a program */
  BUDGET = 1000,         /* operations that are run, loops counted in full, actions not */
  BUDGET_STRESSED = 250, /* where nearly every allocation collects and checks */
  STRESS_OFTEN = 8
};

struct decoder {
  const uint8_t *at, *end;
  struct script *script;
  uint32_t open[NESTING_MAX];
  uint32_t depth;   /* of loops */
  uint32_t rounds;  /* of all of them together */
  uint32_t budget;  /* of operations, left */
  uint32_t large;   /* objects so far */
  uint32_t actions; /* that may be named: all of them, or in an action those before it */
  bool in_action;
};

/* The next byte; zeros behind the end. */
static uint32_t take_byte(struct decoder *decoder) { return decoder->at < decoder->end ? *decoder->at++ : 0; }

static uint32_t take(struct decoder *decoder, uint32_t bound) { return take_byte(decoder) % bound; }

/* ---- knobs ---------------------------------------------------------------------------------------------------- */

/*
 * Running out of memory ends a run in the middle, and huge pages only cost time: knobs that set a limit, or ask for
 * those, stay as they are.
 */
static bool stays(const char *knob) { return strcmp(knob, "heap_limit") == 0 || strcmp(knob, "huge_pages") == 0; }

/* Small values are where things happen often. */
static int64_t choose_knob(const struct setting *row, uint32_t byte)
{
  static const int64_t small[] = {0, 1, 2, 3, 4, 5, 7, 9, 13, 17, 23, 31, 50, 100, 300};
  enum { SMALL = sizeof small / sizeof small[0], MILLI = 1000, KIB = 1024 };
  const uint32_t choice = byte / 2;
  if (byte % 2 == 0 || stays(row->name)) return row->default_value;
  if (row->type == SETTING_BOOLEAN || row->type == SETTING_CHOICE)
    return row->minimum + (int64_t)(choice % (uint64_t)(row->maximum - row->minimum + 1));
  int64_t value = small[choice % SMALL];
  if (row->type == SETTING_MILLI) value = row->minimum + value * MILLI / 4;
  if (row->type == SETTING_BYTES || row->type == SETTING_HEAP) value *= KIB;
  return value < row->minimum ? row->minimum : value > row->maximum ? row->maximum : value;
}

static void take_knobs(struct decoder *decoder, int64_t *knobs)
{
  if (collector.knob_count > HEAP_PROGRAM_KNOBS_MAX) fuzz_fail("more than %d knobs", HEAP_PROGRAM_KNOBS_MAX);
  for (size_t i = 0; i < HEAP_PROGRAM_KNOBS_MAX; i++) {
    const uint32_t byte = take_byte(decoder);
    if (i < collector.knob_count) knobs[i] = choose_knob(&collector.knobs[i], byte);
  }
  const int row = setting_find(collector.knobs, collector.knob_count, "stress");
  const bool is_stressed = row >= 0 && knobs[row] > 0 && knobs[row] < STRESS_OFTEN;
  decoder->budget = is_stressed ? BUDGET_STRESSED : BUDGET;
}

/* ---- operations ----------------------------------------------------------------------------------------------- */

static struct script_op op_of(enum script_code code)
{
  struct script_op op = script_op_empty(code);
  op.flags = code <= SCRIPT_DEREF ? SCRIPT_TRY : 0;
  return op;
}

static uint32_t take_root(struct decoder *decoder) { return take(decoder, ROOTS); }

/* A root, or in an action `self` as often as a root. */
static uint32_t take_place(struct decoder *decoder)
{
  const uint32_t byte = take_byte(decoder);
  return decoder->in_action && byte >= 128 ? SCRIPT_SELF : byte % ROOTS;
}

/* A number that is an index, a key, or both; or a name of a field. */
static uint32_t take_field(struct decoder *decoder)
{
  const uint32_t byte = take_byte(decoder);
  if (byte < 240) return byte % 8;
  return SCRIPT_NAMED | script_name(decoder->script, byte % 2 == 0 ? "left" : "right");
}

static struct script_value take_value(struct decoder *decoder)
{
  const uint32_t byte = take_byte(decoder);
  if (byte < 16) return (struct script_value){.kind = SCRIPT_NONE};
  const uint32_t root = decoder->in_action && byte >= 192 ? SCRIPT_SELF : byte % ROOTS;
  if (byte % 4 != 0) return (struct script_value){.kind = SCRIPT_ROOT, .root = root};
  return (struct script_value){.kind = SCRIPT_FIELD, .root = root, .field = take_field(decoder)};
}

static uint32_t take_size(struct decoder *decoder, const uint32_t *sizes, uint32_t count)
{
  enum { LARGE = 100 };
  const uint32_t size = sizes[take(decoder, count)];
  if (size <= LARGE) return size;
  if (decoder->depth > 0 || decoder->in_action || decoder->large == LARGE_MAX) return size % LARGE;
  decoder->large++;
  return size;
}

static uint32_t take_bytes(struct decoder *decoder)
{
  static const uint32_t sizes[] = {0, 0, 0, 8, 16, 24, 40, 100, 500, 2000, 8150, 9000, 33000, 70000};
  return take_size(decoder, sizes, sizeof sizes / sizeof sizes[0]);
}

static uint32_t take_fields(struct decoder *decoder)
{
  static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 21, 60, 300, 1200, 5000};
  return take_size(decoder, sizes, sizeof sizes / sizeof sizes[0]);
}

static void take_tuple(struct decoder *decoder, struct script_op *op)
{
  const uint32_t byte = take_byte(decoder);
  op->size = byte < 250 ? 1 + byte % 5 : 19 + byte % 3; /* free lists end at 20 */
  op->operands = op->size;
  op->first = (uint32_t)decoder->script->operand_count;
  for (uint32_t i = 0; i < op->size; i++)
    script_add_operand(decoder->script,
                       (struct script_operand){.kind = SCRIPT_OPERAND_VALUE, .value = take_value(decoder)});
}

static void add_new(struct decoder *decoder, enum gc_kind kind)
{
  struct script_op op = op_of(SCRIPT_NEW);
  op.root = take_root(decoder);
  op.kind = (uint8_t)kind;
  op.bytes = take_bytes(decoder);
  switch (kind) {
  case GC_INSTANCE:
    op.flags |= SCRIPT_CLASSLESS;
    op.size = take_fields(decoder);
    break;
  case GC_LIST:
    op.size = take_fields(decoder);
    op.length = op.size == 0 ? 0 : take_byte(decoder) % (op.size + 1);
    break;
  case GC_TUPLE:
    take_tuple(decoder, &op);
    break;
  case GC_DICT:
    op.size = 1 + take(decoder, 8);
    break;
  case GC_ATOM:
  case GC_WEAK:
    break;
  }
  script_add_op(decoder->script, op);
}

/* An instance with a finalizer. */
static void add_final(struct decoder *decoder)
{
  struct script_op op = op_of(SCRIPT_NEW);
  if (decoder->actions == 0) return;
  op.root = take_root(decoder);
  op.kind = GC_INSTANCE;
  op.type = take(decoder, decoder->actions);
  op.size = decoder->script->classes[op.type].field_count;
  op.bytes = take_bytes(decoder);
  script_add_op(decoder->script, op);
}

static void add_weak(struct decoder *decoder)
{
  struct script_op op = op_of(SCRIPT_WEAK);
  op.root = take_root(decoder);
  op.value = take_value(decoder);
  const uint32_t byte = take_byte(decoder);
  if (byte % 2 == 0 && decoder->actions > 0) op.action = byte / 2 % decoder->actions;
  script_add_op(decoder->script, op);
}

/* STORE, APPEND, DELETE: on a root or self; LOAD, DEREF, DROP: into a root. */
static void add_on_root(struct decoder *decoder, enum script_code code)
{
  struct script_op op = op_of(code);
  const bool changes_object = code == SCRIPT_STORE || code == SCRIPT_APPEND || code == SCRIPT_DELETE;
  op.root = changes_object ? take_place(decoder) : take_root(decoder);
  if (code == SCRIPT_STORE || code == SCRIPT_DELETE) op.field = take_field(decoder);
  if (code != SCRIPT_DELETE && code != SCRIPT_DROP) op.value = take_value(decoder);
  script_add_op(decoder->script, op);
}

static void add_threshold(struct decoder *decoder)
{
  static const int64_t thresholds[] = {0, 1, 2, 3, 5, 10, 30, 700, -1};
  struct script_op op = op_of(SCRIPT_THRESHOLD);
  op.size = 1 + take(decoder, 3);
  for (uint32_t i = 0; i < op.size; i++)
    op.thresholds[i] = thresholds[take(decoder, sizeof thresholds / sizeof thresholds[0])];
  script_add_op(decoder->script, op);
}

static void add_plain(struct decoder *decoder, enum script_code code)
{
  struct script_op op = op_of(code);
  if (code == SCRIPT_COLLECT) op.root = take(decoder, 3);
  script_add_op(decoder->script, op);
}

/* What may be asked of anything: no value of it is wrong, but asking must not harm. */
static void add_print(struct decoder *decoder)
{
  static const enum script_quantity quantities[] = {SCRIPT_ASK_LIVE,     SCRIPT_ASK_FROZEN, SCRIPT_ASK_ENABLED,
                                                    SCRIPT_ASK_GARBAGE,  SCRIPT_ASK_COUNT,  SCRIPT_ASK_THRESHOLDS,
                                                    SCRIPT_ASK_COLLECTED};
  struct script_operand operand = {.kind = SCRIPT_OPERAND_TERM};
  operand.term.quantity = quantities[take(decoder, sizeof quantities / sizeof quantities[0])];
  if (script_quantity_argument(operand.term.quantity) == SCRIPT_GENERATION) operand.term.number = take(decoder, 3);
  struct script_op op = op_of(SCRIPT_PRINT);
  op.first = script_add_operand(decoder->script, operand);
  op.operands = 1;
  script_add_op(decoder->script, op);
}

static void add_repeat(struct decoder *decoder)
{
  struct script_op op = op_of(SCRIPT_REPEAT);
  if (decoder->depth == NESTING_MAX || decoder->in_action) return;
  op.number = 1 + take(decoder, 8);
  decoder->rounds *= (uint32_t)op.number;
  decoder->open[decoder->depth++] = (uint32_t)script_add_op(decoder->script, op);
}

static void add_end(struct decoder *decoder)
{
  struct script_op op = op_of(SCRIPT_END);
  if (decoder->depth == 0) return;
  op.target = decoder->open[--decoder->depth];
  decoder->rounds /= (uint32_t)decoder->script->ops[op.target].number;
  decoder->script->ops[op.target].target = (uint32_t)script_add_op(decoder->script, op);
}

/* One operation; the table is what a byte is most likely to mean. */
static void add_operation(struct decoder *decoder)
{
  decoder->budget -= decoder->rounds < decoder->budget ? decoder->rounds : decoder->budget;
  const uint32_t byte = take(decoder, 64);
  if (byte < 8) {
    add_new(decoder, GC_INSTANCE);
  } else if (byte < 12) {
    add_new(decoder, GC_LIST);
  } else if (byte < 16) {
    add_new(decoder, GC_TUPLE);
  } else if (byte < 19) {
    add_new(decoder, GC_DICT);
  } else if (byte < 20) {
    add_new(decoder, GC_ATOM);
  } else if (byte < 24) {
    add_final(decoder);
  } else if (byte < 28) {
    add_weak(decoder);
  } else if (byte < 30) {
    add_on_root(decoder, SCRIPT_DEREF);
  } else if (byte < 40) {
    add_on_root(decoder, SCRIPT_STORE);
  } else if (byte < 45) {
    add_on_root(decoder, SCRIPT_LOAD);
  } else if (byte < 48) {
    add_on_root(decoder, SCRIPT_APPEND);
  } else if (byte < 50) {
    add_on_root(decoder, SCRIPT_DELETE);
  } else if (byte < 53) {
    add_on_root(decoder, SCRIPT_DROP);
  } else if (byte < 56) {
    add_plain(decoder, SCRIPT_COLLECT);
  } else if (byte < 57) {
    add_plain(decoder, SCRIPT_CHECK);
  } else if (byte < 58) {
    add_threshold(decoder);
  } else if (byte < 60) {
    static const enum script_code controls[] = {SCRIPT_ENABLE, SCRIPT_DISABLE, SCRIPT_FREEZE, SCRIPT_UNFREEZE,
                                                SCRIPT_CLEAR_GARBAGE};
    add_plain(decoder, controls[take(decoder, sizeof controls / sizeof controls[0])]);
  } else if (byte < 61) {
    add_print(decoder);
  } else if (byte < 62) {
    add_repeat(decoder);
  } else {
    add_end(decoder);
  }
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

/* Class i has finalizer i; every other one is of the old kind. */
static void add_tables(struct script *script)
{
  char name[8];
  for (uint32_t i = 0; i < ACTIONS; i++) {
    snprintf(name, sizeof name, "Final%u", i);
    struct script_class class = {.name = script_name(script, name),
                                 .first_field = (uint32_t)script->field_name_count,
                                 .field_count = 2,
                                 .legacy = i == ACTIONS - 1,
                                 .line = 1,
                                 .column = 1};
    script_add_field_name(script, script_name(script, "left"));
    script_add_field_name(script, script_name(script, "right"));
    snprintf(name, sizeof name, "act%u", i);
    class.finalizer = script_action_named(script, script_name(script, name));
    script_add_class(script, class);
  }
  for (uint32_t i = 0; i < ROOTS; i++) {
    snprintf(name, sizeof name, "%c", 'a' + (int)i);
    script_root(script, script_name(script, name));
  }
}

static void add_action(struct decoder *decoder, uint32_t action)
{
  struct script_op op = op_of(SCRIPT_ACTION);
  op.action = action;
  const uint32_t begin = (uint32_t)script_add_op(decoder->script, op);
  decoder->script->actions[action].position = begin;
  decoder->in_action = true;
  decoder->actions = action;
  for (uint32_t left = take(decoder, ACTION_OPS_MAX + 1); left > 0; left--) add_operation(decoder);
  decoder->in_action = false;
  op = op_of(SCRIPT_END);
  op.target = begin;
  decoder->script->ops[begin].target = (uint32_t)script_add_op(decoder->script, op);
}

struct heap_program heap_program_decode(const uint8_t *bytes, size_t size)
{
  struct heap_program program = {.script = script_new()};
  struct decoder decoder = {.at = bytes, .end = bytes + size, .script = program.script, .rounds = 1};
  take_knobs(&decoder, program.knobs);
  add_tables(program.script);
  for (uint32_t i = 0; i < ACTIONS; i++) add_action(&decoder, i);
  decoder.actions = ACTIONS;
  while (decoder.at < decoder.end && decoder.budget > 0) add_operation(&decoder);
  while (decoder.depth > 0) add_end(&decoder);
  for (size_t i = 0; i < program.script->op_count; i++) {
    program.script->ops[i].line = (uint32_t)i + 1;
    program.script->ops[i].column = 1;
  }
  script_number(program.script);
  return program;
}
