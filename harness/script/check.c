/* script_check: the invariants of script.h, one operation after the other. */
#include <stdarg.h>
#include <stdio.h>

#include "harness/script/random_block.h"
#include "harness/script/script.h"

struct checker {
  const struct script *script;
  const struct script_op *op; /* NULL: of the whole */
  struct script_error *error;
  uint32_t open[SCRIPT_NESTING_MAX];
  uint32_t depth;
};

static __attribute__((format(printf, 2, 3))) bool fail(const struct checker *checker, const char *format, ...)
{
  struct script_error *error = checker->error;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  error->line = checker->op != NULL ? checker->op->line : 0;
  error->column = checker->op != NULL ? checker->op->column : 0;
  return false;
}

static bool in_action(const struct checker *checker)
{
  return checker->depth > 0 && checker->script->ops[checker->open[0]].code == SCRIPT_ACTION;
}

static bool check_root(const struct checker *checker, uint32_t root)
{
  if (root == SCRIPT_SELF) return in_action(checker) || fail(checker, "'self' stands inside an action only");
  return root < checker->script->root_count || fail(checker, "there is no root of number %u", root);
}

static bool check_assigned(const struct checker *checker, uint32_t root)
{
  return (root != SCRIPT_SELF || fail(checker, "'self' cannot be assigned")) && check_root(checker, root);
}

static bool check_field(const struct checker *checker, uint32_t field)
{
  if (field & SCRIPT_NAMED)
    return (field & ~SCRIPT_NAMED) < checker->script->name_count || fail(checker, "there is no name of that number");
  return true;
}

static bool check_value(const struct checker *checker, const struct script_value *value)
{
  switch (value->kind) {
  case SCRIPT_NONE:
    return true;
  case SCRIPT_ROOT:
    return check_root(checker, value->root);
  case SCRIPT_FIELD:
    return check_root(checker, value->root) && check_field(checker, value->field);
  }
  return fail(checker, "a value is of no known kind");
}

static bool check_action(const struct checker *checker, uint32_t action)
{
  if (action >= checker->script->action_count) return fail(checker, "there is no action of number %u", action);
  return checker->script->actions[action].position < checker->script->op_count ||
         fail(checker, "an action has no definition");
}

static bool check_term(const struct checker *checker, const struct script_term *term)
{
  if ((unsigned)term->quantity >= SCRIPT_QUANTITIES_COUNT) return fail(checker, "there is no such quantity");
  switch (script_quantity_argument(term->quantity)) {
  case SCRIPT_NOTHING:
    return true;
  case SCRIPT_GENERATION:
    return term->number <= 2 || fail(checker, "a generation is 0, 1 or 2");
  case SCRIPT_VALUE:
    return check_value(checker, &term->values[0]);
  case SCRIPT_TWO_VALUES:
    return check_value(checker, &term->values[0]) && check_value(checker, &term->values[1]);
  case SCRIPT_ACTION_NAME:
    return check_action(checker, term->number);
  }
  return false;
}

static bool check_operand(const struct checker *checker, const struct script_operand *operand)
{
  switch (operand->kind) {
  case SCRIPT_OPERAND_VALUE:
    return checker->op->code == SCRIPT_NEW ? check_value(checker, &operand->value)
                                           : fail(checker, "an operand does not belong here");
  case SCRIPT_OPERAND_TEXT:
    return (checker->op->code == SCRIPT_PRINT && operand->text < checker->script->text_count) ||
           fail(checker, "an operand does not belong here");
  case SCRIPT_OPERAND_TERM:
    return checker->op->code == SCRIPT_PRINT ? check_term(checker, &operand->term)
                                             : fail(checker, "an operand does not belong here");
  case SCRIPT_OPERAND_OPTION:
    return (checker->op->code == SCRIPT_RANDOM && operand->text < SCRIPT_RANDOM_OPTIONS_COUNT) ||
           fail(checker, "an operand does not belong here");
  }
  return fail(checker, "an operand is of no known kind");
}

static bool check_operands(const struct checker *checker)
{
  const struct script_op *op = checker->op;
  if (op->first > checker->script->operand_count || op->operands > checker->script->operand_count - op->first)
    return fail(checker, "operands lie outside of their table");
  for (uint32_t i = 0; i < op->operands; i++) {
    if (!check_operand(checker, &checker->script->operands[op->first + i])) return false;
  }
  return true;
}

static bool check_new(const struct checker *checker)
{
  const struct script_op *op = checker->op;
  if (op->kind >= GC_WEAK) return fail(checker, "objects are instances, lists, tuples, dicts and atoms");
  if (op->size > SCRIPT_FIELDS_MAX) return fail(checker, "an object has at most %d fields", SCRIPT_FIELDS_MAX);
  if (op->bytes > SCRIPT_BYTES_MAX) return fail(checker, "an object has at most %d raw bytes", SCRIPT_BYTES_MAX);
  if (op->kind == GC_INSTANCE && op->type != SCRIPT_NOBODY) {
    if (op->type >= checker->script->class_count) return fail(checker, "there is no such class");
    if (op->size != checker->script->classes[op->type].field_count) return fail(checker, "a class has other fields");
  }
  if (op->kind == GC_TUPLE && (op->operands == 0 || op->operands != op->size))
    return fail(checker, "a tuple has at least one element, and says which");
  if (op->kind == GC_LIST && op->length > op->size) return fail(checker, "a list is longer than its room");
  return check_assigned(checker, op->root) && check_operands(checker);
}

static bool open_block(struct checker *checker, uint32_t position)
{
  const struct script_op *op = checker->op;
  if (op->code == SCRIPT_ACTION && checker->depth > 0) return fail(checker, "an action inside of another block");
  if (checker->depth == SCRIPT_NESTING_MAX)
    return fail(checker, "blocks are nested more than %d deep", SCRIPT_NESTING_MAX);
  if (op->target >= checker->script->op_count) return fail(checker, "a block without its 'end'");
  if (op->code == SCRIPT_REPEAT && op->number < 0) return fail(checker, "a loop is run at least 0 times");
  checker->open[checker->depth++] = position;
  return op->code == SCRIPT_REPEAT || check_action(checker, op->action);
}

static bool close_block(struct checker *checker, uint32_t position)
{
  if (checker->depth == 0) return fail(checker, "'end' without a block");
  const uint32_t opener = checker->open[--checker->depth];
  if (checker->op->target != opener || checker->script->ops[opener].target != position)
    return fail(checker, "an 'end' closes another block");
  return true;
}

static bool check_op(struct checker *checker, uint32_t position)
{
  const struct script_op *op = checker->op;
  switch (op->code) {
  case SCRIPT_NEW:
    return check_new(checker);
  case SCRIPT_LOAD:
    return check_assigned(checker, op->root) && check_value(checker, &op->value);
  case SCRIPT_STORE:
    return check_root(checker, op->root) && check_field(checker, op->field) && check_value(checker, &op->value);
  case SCRIPT_APPEND:
    return check_root(checker, op->root) && check_value(checker, &op->value);
  case SCRIPT_DELETE:
    return check_root(checker, op->root) && check_field(checker, op->field);
  case SCRIPT_DROP:
    return check_assigned(checker, op->root);
  case SCRIPT_WEAK:
    return check_assigned(checker, op->root) && check_value(checker, &op->value) &&
           (op->action == SCRIPT_NOBODY || check_action(checker, op->action));
  case SCRIPT_DEREF:
    return check_assigned(checker, op->root) && check_value(checker, &op->value);
  case SCRIPT_COLLECT:
    return op->root <= 2 || fail(checker, "a generation is 0, 1 or 2");
  case SCRIPT_THRESHOLD:
    return (op->size >= 1 && op->size <= 3) || fail(checker, "one to three thresholds are set");
  case SCRIPT_REPEAT:
  case SCRIPT_ACTION:
    return open_block(checker, position);
  case SCRIPT_END:
    return close_block(checker, position);
  case SCRIPT_RANDOM:
  case SCRIPT_PRINT:
    return check_operands(checker);
  case SCRIPT_EXPECT:
    return op->relation <= SCRIPT_AT_LEAST ? check_term(checker, &op->term)
                                           : fail(checker, "there is no such relation");
  case SCRIPT_ENABLE:
  case SCRIPT_DISABLE:
  case SCRIPT_FREEZE:
  case SCRIPT_UNFREEZE:
  case SCRIPT_CLEAR_GARBAGE:
  case SCRIPT_CHECK:
    return true;
  default:
    return fail(checker, "there is no operation of number %u", op->code);
  }
}

static bool check_tables(const struct checker *checker)
{
  const struct script *script = checker->script;
  if (script->root_count > SCRIPT_ROOTS_MAX) return fail(checker, "more than %d roots", SCRIPT_ROOTS_MAX);
  for (size_t i = 0; i < script->root_count; i++) {
    if (script->roots[i] != SCRIPT_NOBODY && script->roots[i] >= script->name_count)
      return fail(checker, "a root has a name that is not there");
  }
  for (size_t i = 0; i < script->field_name_count; i++) {
    if (script->field_names[i] != SCRIPT_NOBODY && script->field_names[i] >= script->name_count)
      return fail(checker, "a field has a name that is not there");
  }
  for (size_t i = 0; i < script->class_count; i++) {
    const struct script_class *class = &script->classes[i];
    if (class->name != SCRIPT_NOBODY && class->name >= script->name_count)
      return fail(checker, "a class has a name that is not there");
    if (class->first_field > script->field_name_count ||
        class->field_count > script->field_name_count - class->first_field || class->field_count > SCRIPT_FIELDS_MAX)
      return fail(checker, "a class has fields that are not there");
    if (class->finalizer != SCRIPT_NOBODY && !check_action(checker, class->finalizer)) return false;
  }
  for (size_t i = 0; i < script->action_count; i++) {
    const struct script_action *action = &script->actions[i];
    if (action->name != SCRIPT_NOBODY && action->name >= script->name_count)
      return fail(checker, "an action has a name that is not there");
    if (action->position >= script->op_count || script->ops[action->position].code != SCRIPT_ACTION ||
        script->ops[action->position].action != i)
      return fail(checker, "an action has no definition");
  }
  return true;
}

bool script_check(const struct script *script, struct script_error *error)
{
  struct checker checker = {.script = script, .error = error};
  if (script->op_count >= UINT32_MAX) return fail(&checker, "too many operations");
  if (!check_tables(&checker)) return false;
  for (size_t i = 0; i < script->op_count; i++) {
    checker.op = &script->ops[i];
    if (!check_op(&checker, (uint32_t)i)) return false;
  }
  checker.op = NULL;
  return checker.depth == 0 || fail(&checker, "a block without its 'end'");
}
