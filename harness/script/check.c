/* script_check: the invariants of script.h, one operation after the other. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool check_option(const struct checker *checker, const struct script_operand *operand)
{
  if (operand->text >= SCRIPT_RANDOM_OPTIONS_COUNT) return fail(checker, "a random block has no such option");
  const struct script_random_range range = script_random_option_range((enum script_random_option)operand->text);
  return (operand->number >= range.least && operand->number <= range.most) ||
         fail(checker, "an option of a random block is out of its range");
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
    return checker->op->code == SCRIPT_RANDOM ? check_option(checker, operand)
                                              : fail(checker, "an operand does not belong here");
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
  if (op->kind == GC_DICT && op->size > SCRIPT_DICT_ROOM_MAX)
    return fail(checker, "a dict has room for at most %d keys", SCRIPT_DICT_ROOM_MAX);
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
  if (op->code == SCRIPT_REPEAT && (op->number < 0 || op->number > UINT32_MAX))
    return fail(checker, "a loop is run 0 to %u times", UINT32_MAX);
  checker->open[checker->depth++] = position;
  if (op->code == SCRIPT_REPEAT) return true;
  return check_action(checker, op->action) &&
         (checker->script->actions[op->action].position == position || fail(checker, "an action is defined twice"));
}

static bool close_block(struct checker *checker, uint32_t position)
{
  if (checker->depth == 0) return fail(checker, "'end' without a block");
  const uint32_t opener = checker->open[--checker->depth];
  if (checker->op->target != opener || checker->script->ops[opener].target != position)
    return fail(checker, "an 'end' closes another block");
  return true;
}

static bool check_thresholds(const struct checker *checker)
{
  const struct script_op *op = checker->op;
  if (op->size < 1 || op->size > 3) return fail(checker, "one to three thresholds are set");
  for (uint32_t i = 0; i < op->size; i++) {
    if (op->thresholds[i] < SCRIPT_THRESHOLD_LEAST || op->thresholds[i] > SCRIPT_THRESHOLD_MOST)
      return fail(checker, "a threshold is %d to %d", SCRIPT_THRESHOLD_LEAST, SCRIPT_THRESHOLD_MOST);
  }
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
    return check_thresholds(checker);
  case SCRIPT_REPEAT:
  case SCRIPT_ACTION:
    return open_block(checker, position);
  case SCRIPT_END:
    return close_block(checker, position);
  case SCRIPT_RANDOM:
    if (op->number < 0 || op->root > SCRIPT_RANDOM_OPERATIONS_MAX)
      return fail(checker, "a random block's seed is not negative, and it has at most %d operations",
                  SCRIPT_RANDOM_OPERATIONS_MAX);
    return check_operands(checker);
  case SCRIPT_PRINT:
    return (op->operands > 0 || fail(checker, "nothing is printed")) && check_operands(checker);
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

/* Words that mean something else where such a name stands. */
static const char *const not_roots[] = {"none", "self", NULL};
static const char *const not_classes[] = {"instance", "list", "tuple", "dict", "atom", NULL};
static const char *const not_fields[] = {"finalizer", "legacy", NULL};

static bool check_name(const struct checker *checker, uint32_t name, const char *const *reserved, const char *what)
{
  if (name >= checker->script->name_count) return fail(checker, "%s has a name that is not there", what);
  for (; *reserved != NULL; reserved++) {
    if (strcmp(*reserved, checker->script->names[name]) == 0)
      return fail(checker, "%s cannot be called '%s'", what, *reserved);
  }
  return true;
}

/* The name's mark becomes `mark`; false where it was that. */
static bool check_once(const struct checker *checker, uint32_t *marks, uint32_t name, uint32_t mark, const char *what)
{
  if (marks[name] == mark) return fail(checker, "two %s have one name", what);
  marks[name] = mark;
  return true;
}

static bool check_roots(const struct checker *checker, uint32_t *marks)
{
  const struct script *script = checker->script;
  if (script->root_count > SCRIPT_ROOTS_MAX) return fail(checker, "more than %d roots", SCRIPT_ROOTS_MAX);
  for (size_t i = 0; i < script->root_count; i++) {
    if (script->roots[i] == SCRIPT_NOBODY) continue;
    if (!check_name(checker, script->roots[i], not_roots, "a root")) return false;
    if (!check_once(checker, marks, script->roots[i], UINT32_MAX, "roots")) return false;
  }
  return true;
}

static bool check_class(const struct checker *checker, uint32_t *marks, uint32_t number)
{
  const struct script *script = checker->script;
  const struct script_class *class = &script->classes[number];
  if (!check_name(checker, class->name, not_classes, "a class")) return false;
  if (class->first_field > script->field_name_count ||
      class->field_count > script->field_name_count - class->first_field || class->field_count > SCRIPT_FIELDS_MAX)
    return fail(checker, "a class has fields that are not there");
  for (uint32_t i = 0; i < class->field_count; i++) {
    const uint32_t name = script->field_names[class->first_field + i];
    if (!check_name(checker, name, not_fields, "a field")) return false;
    if (!check_once(checker, marks, name, number + 1, "fields of a class")) return false;
  }
  return class->finalizer == SCRIPT_NOBODY || check_action(checker, class->finalizer);
}

static bool check_classes(const struct checker *checker, uint32_t *marks)
{
  const struct script *script = checker->script;
  for (size_t i = 0; i < script->class_count; i++) {
    if (!check_class(checker, marks, (uint32_t)i)) return false;
  }
  for (size_t i = 0; i < script->class_count; i++) {
    if (!check_once(checker, marks, script->classes[i].name, UINT32_MAX - 1, "classes")) return false;
  }
  return true;
}

static bool check_actions(const struct checker *checker)
{
  static const char *const none[] = {NULL};
  const struct script *script = checker->script;
  for (size_t i = 0; i < script->action_count; i++) {
    const struct script_action *action = &script->actions[i];
    if (!check_name(checker, action->name, none, "an action")) return false;
    if (action->position >= script->op_count || script->ops[action->position].code != SCRIPT_ACTION ||
        script->ops[action->position].action != i)
      return fail(checker, "an action has no definition");
  }
  return true;
}

static bool check_texts(const struct checker *checker)
{
  for (size_t i = 0; i < checker->script->text_count; i++) {
    if (strlen(checker->script->texts[i]) > SCRIPT_TEXT_MAX)
      return fail(checker, "a text is longer than %d bytes", SCRIPT_TEXT_MAX);
  }
  return true;
}

/* Marks are by name: what it has been met as last. */
static bool check_tables(const struct checker *checker)
{
  uint32_t *marks = script_require(calloc(checker->script->name_count + 1, sizeof *marks));
  const bool good =
      check_roots(checker, marks) && check_classes(checker, marks) && check_actions(checker) && check_texts(checker);
  free(marks);
  return good;
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
  if (checker.depth != 0) return fail(&checker, "a block without its 'end'");
  return script_is_numbered(script) ||
         fail(&checker, "names, roots, actions or texts are not in the order in which they are mentioned");
}
