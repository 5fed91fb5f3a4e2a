/* A line at a time: the first word says which operation it is, and each has a function that takes the rest. */
#include "harness/script/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/setting.h"
#include "harness/script/lex.h"
#include "harness/script/random_block.h"

enum { LIST_ROOM_MORE = 8, DICT_ROOM = 8, INITIAL_NUMBERS = 64 };

/* Numbers by number, growing: which root a name is, and which %N is. */
struct numbers {
  uint32_t *list; /* SCRIPT_NOBODY: none */
  size_t count;
};

struct open_block {
  uint32_t position, line;
};

struct parser {
  struct lexer lexer;
  struct script *script;
  struct script_error *error;
  struct numbers root_of_name, root_of_anonymous;
  int64_t anonymous_count;
  struct open_block open[SCRIPT_NESTING_MAX];
  uint32_t depth;
  uint32_t op_line, op_column;
};

static bool fail_at(struct parser *parser, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool fail_at(struct parser *parser, uint32_t line, uint32_t column, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(parser->error->message, sizeof parser->error->message, format, arguments);
  va_end(arguments);
  parser->error->line = line;
  parser->error->column = column;
  return false;
}

static struct lex_token *token_of(struct parser *parser) { return &parser->lexer.token; }

static bool next(struct parser *parser) { return lex_next(&parser->lexer); }

/* "expected WHAT, found 'x'" at the token. */
static bool expected(struct parser *parser, const char *what)
{
  const struct lex_token *token = token_of(parser);
  char found[80];
  if (token->kind == LEX_END) {
    snprintf(found, sizeof found, "the end of the line");
  } else {
    const char *quote = token->kind == LEX_TEXT ? "\"" : "'";
    snprintf(found, sizeof found, "%s%s%.40s%s", token->kind == LEX_TEXT ? "the text " : "", quote, token->text, quote);
  }
  return fail_at(parser, parser->lexer.line, token->column, "expected %s, found %s", what, found);
}

static const char *did_you_mean(const char *nearest, char *text, size_t room)
{
  text[0] = '\0';
  if (nearest != NULL) snprintf(text, room, "; did you mean '%s'?", nearest);
  return text;
}

static uint32_t numbers_get(const struct numbers *numbers, size_t i)
{
  return i < numbers->count ? numbers->list[i] : SCRIPT_NOBODY;
}

static void numbers_set(struct numbers *numbers, size_t i, uint32_t value)
{
  if (i >= numbers->count) {
    const size_t count = 2 * i + INITIAL_NUMBERS;
    uint32_t *list = script_require(reallocarray(numbers->list, count, sizeof *list));
    memset(list + numbers->count, 0xff, (count - numbers->count) * sizeof *list);
    *numbers = (struct numbers){.list = list, .count = count};
  }
  numbers->list[i] = value;
}

static bool in_action(const struct parser *parser)
{
  return parser->depth > 0 && parser->script->ops[parser->open[0].position].code == SCRIPT_ACTION;
}

static bool has_room_for_root(struct parser *parser)
{
  return parser->script->root_count < SCRIPT_ROOTS_MAX || fail_at(parser, parser->lexer.line, token_of(parser)->column,
                                                                  "a script has at most %d roots", SCRIPT_ROOTS_MAX);
}

/* %N is the Nth root without a name; those before it come into being with it. */
static bool take_anonymous(struct parser *parser, uint32_t *root)
{
  const int64_t number = token_of(parser)->number;
  if (number >= SCRIPT_ROOTS_MAX)
    return fail_at(parser, parser->lexer.line, token_of(parser)->column, "%%N goes up to %%%d", SCRIPT_ROOTS_MAX - 1);
  for (; parser->anonymous_count <= number; parser->anonymous_count++) {
    if (!has_room_for_root(parser)) return false;
    numbers_set(&parser->root_of_anonymous, (size_t)parser->anonymous_count,
                script_root(parser->script, SCRIPT_NOBODY));
  }
  *root = numbers_get(&parser->root_of_anonymous, (size_t)number);
  return true;
}

static bool take_named(struct parser *parser, uint32_t *root)
{
  const uint32_t name = script_name(parser->script, token_of(parser)->text);
  *root = numbers_get(&parser->root_of_name, name);
  if (*root != SCRIPT_NOBODY) return true;
  if (!has_room_for_root(parser)) return false;
  /* not script_root(), which would look through all of them for this name */
  *root = script_root(parser->script, SCRIPT_NOBODY);
  parser->script->roots[*root] = name;
  numbers_set(&parser->root_of_name, name, *root);
  return true;
}

/* A root, or self where that may stand. */
static bool take_root(struct parser *parser, uint32_t *root, bool may_be_self)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind == LEX_ANONYMOUS) {
    if (!take_anonymous(parser, root)) return false;
  } else if (token->kind != LEX_WORD || strcmp(token->text, "none") == 0) {
    return expected(parser, "a root");
  } else if (strcmp(token->text, "self") == 0) {
    if (!in_action(parser))
      return fail_at(parser, parser->lexer.line, token->column, "'self' is what an action is about; this is in none");
    if (!may_be_self)
      return fail_at(parser, parser->lexer.line, token->column, "'self' cannot be assigned; load it into a root");
    *root = SCRIPT_SELF;
  } else if (!take_named(parser, root)) {
    return false;
  }
  return next(parser);
}

static bool at_field(struct parser *parser)
{
  return token_of(parser)->kind == LEX_DOT && !token_of(parser)->after_blank;
}

/* ".FIELD" */
static bool take_field(struct parser *parser, uint32_t *field)
{
  if (!at_field(parser)) return expected(parser, "'.' and a field, right behind the root");
  if (!next(parser)) return false;
  const struct lex_token *token = token_of(parser);
  if (token->after_blank || (token->kind != LEX_WORD && token->kind != LEX_NUMBER))
    return expected(parser, "a field's name or number right behind '.'");
  if (token->kind == LEX_NUMBER) {
    if (token->number < 0 || token->number >= SCRIPT_NAMED)
      return fail_at(parser, parser->lexer.line, token->column, "a field's number is 0 to %u", SCRIPT_NAMED - 1);
    *field = (uint32_t)token->number;
  } else {
    *field = SCRIPT_NAMED | script_name(parser->script, token->text);
  }
  return next(parser);
}

static bool take_value(struct parser *parser, struct script_value *value)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind == LEX_WORD && strcmp(token->text, "none") == 0) {
    *value = (struct script_value){.kind = SCRIPT_NONE};
    return next(parser);
  }
  if (token->kind != LEX_WORD && token->kind != LEX_ANONYMOUS)
    return expected(parser, "a root, a root's field or none");
  value->kind = SCRIPT_ROOT;
  if (!take_root(parser, &value->root, true)) return false;
  if (!at_field(parser)) return true;
  value->kind = SCRIPT_FIELD;
  return take_field(parser, &value->field);
}

static bool take_number(struct parser *parser, const char *what, int64_t least, int64_t most, int64_t *number)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind != LEX_NUMBER) return expected(parser, what);
  if (token->number < least || token->number > most)
    return fail_at(parser, parser->lexer.line, token->column, "%s is %lld to %lld, not %lld", what, (long long)least,
                   (long long)most, (long long)token->number);
  *number = token->number;
  return next(parser);
}

static bool take_small(struct parser *parser, const char *what, int64_t most, uint32_t *number)
{
  int64_t value = 0;
  if (!take_number(parser, what, 0, most, &value)) return false;
  *number = (uint32_t)value;
  return true;
}

static bool at_word(struct parser *parser, const char *word)
{
  return token_of(parser)->kind == LEX_WORD && strcmp(token_of(parser)->text, word) == 0;
}

/* The name of an action, which may be defined further down. */
static bool take_action_name(struct parser *parser, uint32_t *action)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind != LEX_WORD) return expected(parser, "an action's name");
  const size_t before = parser->script->action_count;
  *action = script_action_named(parser->script, script_name(parser->script, token->text));
  if (*action >= before) {
    parser->script->actions[*action].line = parser->lexer.line;
    parser->script->actions[*action].column = token->column;
  }
  return next(parser);
}

static bool parse_instance(struct parser *parser, struct script_op *op)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind == LEX_NUMBER) {
    op->flags |= SCRIPT_CLASSLESS;
    return take_small(parser, "the number of fields", SCRIPT_FIELDS_MAX, &op->size);
  }
  return expected(parser, "the number of an instance's fields");
}

static bool parse_of_class(struct parser *parser, struct script_op *op)
{
  const struct lex_token *token = token_of(parser);
  const struct script *script = parser->script;
  op->kind = GC_INSTANCE;
  op->type = script_class_find(script, script_name(parser->script, token->text));
  if (op->type == SCRIPT_NOBODY) {
    const char *names[64] = {"instance", "list", "tuple", "dict", "atom"};
    size_t count = 5;
    for (size_t i = 0; i < script->class_count && count < 64; i++)
      names[count++] = script->names[script->classes[i].name];
    char nearest[LEX_WORD_MAX + 32];
    return fail_at(parser, parser->lexer.line, token->column,
                   "'%s' is no kind of object, and no class so far%s (kinds: instance, list, tuple, dict, atom)",
                   token->text, did_you_mean(setting_nearest(token->text, names, count), nearest, sizeof nearest));
  }
  op->size = script->classes[op->type].field_count;
  return next(parser);
}

static bool parse_list(struct parser *parser, struct script_op *op)
{
  if (!take_small(parser, "the number of elements", SCRIPT_FIELDS_MAX, &op->length)) return false;
  op->size = op->length + LIST_ROOM_MORE < SCRIPT_FIELDS_MAX ? op->length + LIST_ROOM_MORE : SCRIPT_FIELDS_MAX;
  if (!at_word(parser, "room")) return true;
  const uint32_t column = token_of(parser)->column;
  if (!next(parser) || !take_small(parser, "a list's room", SCRIPT_FIELDS_MAX, &op->size)) return false;
  return op->size >= op->length ||
         fail_at(parser, parser->lexer.line, column, "a list of %u elements needs room for as many", op->length);
}

static bool parse_dict(struct parser *parser, struct script_op *op)
{
  op->size = DICT_ROOM;
  if (!at_word(parser, "room")) return true;
  return next(parser) && take_small(parser, "a dict's room", SCRIPT_DICT_ROOM_MAX, &op->size);
}

static void add_element(struct parser *parser, struct script_op *op, struct script_value value)
{
  if (op->operands++ == 0) op->first = (uint32_t)parser->script->operand_count;
  script_add_operand(parser->script, (struct script_operand){.kind = SCRIPT_OPERAND_VALUE, .value = value});
}

/* "bytes N"; a root may be called `bytes` too. */
static bool at_raw_bytes(const struct parser *parser)
{
  const struct lex_token *token = &parser->lexer.token;
  return token->kind == LEX_WORD && strcmp(token->text, "bytes") == 0 && lex_is_before_number(&parser->lexer);
}

/* "VALUE VALUE ..." or "N of VALUE" */
static bool parse_tuple(struct parser *parser, struct script_op *op)
{
  struct script_value value = {.kind = SCRIPT_NONE};
  if (token_of(parser)->kind == LEX_NUMBER) {
    int64_t count = 0;
    if (!take_number(parser, "the number of a tuple's elements", 1, SCRIPT_FIELDS_MAX, &count)) return false;
    if (!at_word(parser, "of")) return expected(parser, "'of' and the value of all elements");
    if (!next(parser) || !take_value(parser, &value)) return false;
    for (int64_t i = 0; i < count; i++) add_element(parser, op, value);
  } else {
    if (token_of(parser)->kind == LEX_END) return expected(parser, "a tuple's elements, at least one");
    while (token_of(parser)->kind != LEX_END && !at_raw_bytes(parser)) {
      if (op->operands == SCRIPT_FIELDS_MAX) return expected(parser, "fewer elements");
      if (!take_value(parser, &value)) return false;
      add_element(parser, op, value);
    }
    if (op->operands == 0) return expected(parser, "a tuple's elements, at least one");
  }
  op->size = op->operands;
  return true;
}

static bool parse_new(struct parser *parser, struct script_op *op)
{
  static bool (*const parsers[])(struct parser *, struct script_op *) = {
      [GC_INSTANCE] = parse_instance, [GC_LIST] = parse_list, [GC_TUPLE] = parse_tuple, [GC_DICT] = parse_dict};
  if (!take_root(parser, &op->root, false)) return false;
  if (token_of(parser)->kind != LEX_WORD) return expected(parser, "a kind of object or a class");
  enum gc_kind kind = GC_INSTANCE;
  while (kind < GC_WEAK && !at_word(parser, script_kind_word(kind))) kind++;
  if (kind == GC_WEAK) {
    if (!parse_of_class(parser, op)) return false;
  } else {
    op->kind = (uint8_t)kind;
    if (!next(parser) || (kind != GC_ATOM && !parsers[kind](parser, op))) return false;
  }
  if (!at_word(parser, "bytes")) return true;
  return next(parser) && take_small(parser, "the number of raw bytes", SCRIPT_BYTES_MAX, &op->bytes);
}

static bool parse_term(struct parser *parser, struct script_term *term)
{
  const struct lex_token *token = token_of(parser);
  if (token->kind != LEX_WORD) return expected(parser, "a quantity");
  const char *words[SCRIPT_QUANTITIES_COUNT];
  uint32_t found = SCRIPT_QUANTITIES_COUNT;
  for (uint32_t i = 0; i < SCRIPT_QUANTITIES_COUNT; i++) {
    words[i] = script_quantity_word((enum script_quantity)i);
    if (strcmp(words[i], token->text) == 0) found = i;
  }
  if (found == SCRIPT_QUANTITIES_COUNT) {
    char nearest[LEX_WORD_MAX + 32];
    return fail_at(parser, parser->lexer.line, token->column, "'%s' is no quantity%s", token->text,
                   did_you_mean(setting_nearest(token->text, words, found), nearest, sizeof nearest));
  }
  term->quantity = (enum script_quantity)found;
  if (!next(parser)) return false;
  switch (script_quantity_argument(term->quantity)) {
  case SCRIPT_NOTHING:
    return true;
  case SCRIPT_GENERATION:
    return take_small(parser, "a generation", 2, &term->number);
  case SCRIPT_VALUE:
    return take_value(parser, &term->values[0]);
  case SCRIPT_TWO_VALUES:
    return take_value(parser, &term->values[0]) && take_value(parser, &term->values[1]);
  case SCRIPT_ACTION_NAME:
    return take_action_name(parser, &term->number);
  }
  return false;
}

static bool parse_print(struct parser *parser, struct script_op *op)
{
  if (token_of(parser)->kind == LEX_END) return expected(parser, "texts and quantities");
  op->first = (uint32_t)parser->script->operand_count;
  while (token_of(parser)->kind != LEX_END) {
    struct script_operand operand = {.kind = SCRIPT_OPERAND_TERM};
    if (token_of(parser)->kind == LEX_TEXT) {
      operand.kind = SCRIPT_OPERAND_TEXT;
      operand.text = script_text(parser->script, token_of(parser)->text);
      if (!next(parser)) return false;
    } else if (!parse_term(parser, &operand.term)) {
      return false;
    }
    script_add_operand(parser->script, operand);
    op->operands++;
  }
  return true;
}

static bool parse_expect(struct parser *parser, struct script_op *op)
{
  if (!parse_term(parser, &op->term)) return false;
  if (token_of(parser)->kind != LEX_RELATION) return expected(parser, "==, !=, <, <=, > or >=");
  op->relation = (uint8_t)token_of(parser)->number;
  return next(parser) && take_number(parser, "the number to compare with", INT64_MIN, INT64_MAX, &op->number);
}

static bool parse_threshold(struct parser *parser, struct script_op *op)
{
  do {
    if (!take_number(parser, "a threshold", SCRIPT_THRESHOLD_LEAST, SCRIPT_THRESHOLD_MOST, &op->thresholds[op->size]))
      return false;
    op->size++;
  } while (op->size < 3 && token_of(parser)->kind != LEX_END);
  return true;
}

static bool parse_random(struct parser *parser, struct script_op *op)
{
  int64_t number = 0;
  if (!take_number(parser, "a seed", 0, INT64_MAX, &op->number)) return false;
  if (!take_number(parser, "the number of operations", 0, SCRIPT_RANDOM_OPERATIONS_MAX, &number)) return false;
  op->root = (uint32_t)number;
  op->first = (uint32_t)parser->script->operand_count;
  while (token_of(parser)->kind != LEX_END) {
    const struct lex_token *token = token_of(parser);
    if (token->kind != LEX_WORD) return expected(parser, "an option of a random block");
    const char *words[SCRIPT_RANDOM_OPTIONS_COUNT];
    uint32_t option = SCRIPT_RANDOM_OPTIONS_COUNT;
    for (uint32_t i = 0; i < SCRIPT_RANDOM_OPTIONS_COUNT; i++) {
      words[i] = script_random_option_word((enum script_random_option)i);
      if (strcmp(words[i], token->text) == 0) option = i;
    }
    if (option == SCRIPT_RANDOM_OPTIONS_COUNT) {
      char nearest[LEX_WORD_MAX + 32];
      return fail_at(parser, parser->lexer.line, token->column, "a random block has no option '%s'%s", token->text,
                     did_you_mean(setting_nearest(token->text, words, option), nearest, sizeof nearest));
    }
    const struct script_random_range range = script_random_option_range((enum script_random_option)option);
    if (!next(parser) || !take_number(parser, words[option], range.least, range.most, &number)) return false;
    script_add_operand(parser->script,
                       (struct script_operand){.kind = SCRIPT_OPERAND_OPTION, .text = option, .number = number});
    op->operands++;
  }
  return true;
}

static bool open_block(struct parser *parser, const struct script_op *op)
{
  if (parser->depth == SCRIPT_NESTING_MAX)
    return fail_at(parser, op->line, op->column, "blocks are nested more than %d deep", SCRIPT_NESTING_MAX);
  parser->open[parser->depth++] = (struct open_block){(uint32_t)parser->script->op_count, op->line};
  return true;
}

static bool parse_action(struct parser *parser, struct script_op *op)
{
  const uint32_t column = token_of(parser)->column;
  if (parser->depth > 0) return fail_at(parser, op->line, op->column, "an action stands outside of loops and actions");
  if (!take_action_name(parser, &op->action)) return false;
  struct script_action *action = &parser->script->actions[op->action];
  if (action->position != SCRIPT_NOBODY)
    return fail_at(parser, op->line, column, "there is an action '%s' already, in line %u",
                   parser->script->names[action->name], parser->script->ops[action->position].line);
  action->position = (uint32_t)parser->script->op_count;
  return open_block(parser, op);
}

static bool close_block(struct parser *parser, struct script_op *op)
{
  if (parser->depth == 0)
    return fail_at(parser, op->line, op->column, "'end' closes nothing: no repeat or action is open here");
  op->target = parser->open[--parser->depth].position;
  parser->script->ops[op->target].target = (uint32_t)parser->script->op_count;
  return true;
}

static bool parse_rest(struct parser *parser, struct script_op *op)
{
  int64_t number = 0;
  switch (op->code) {
  case SCRIPT_NEW:
    return parse_new(parser, op);
  case SCRIPT_LOAD:
    return take_root(parser, &op->root, false) && take_value(parser, &op->value);
  case SCRIPT_STORE:
    return take_root(parser, &op->root, true) && take_field(parser, &op->field) && take_value(parser, &op->value);
  case SCRIPT_APPEND:
    return take_root(parser, &op->root, true) && take_value(parser, &op->value);
  case SCRIPT_DELETE:
    return take_root(parser, &op->root, true) && take_field(parser, &op->field);
  case SCRIPT_DROP:
    return take_root(parser, &op->root, false);
  case SCRIPT_WEAK:
    if (!take_root(parser, &op->root, false) || !take_value(parser, &op->value)) return false;
    if (!at_word(parser, "callback")) return true;
    return next(parser) && take_action_name(parser, &op->action);
  case SCRIPT_DEREF:
    return take_root(parser, &op->root, false) && take_value(parser, &op->value);
  case SCRIPT_COLLECT:
    op->root = 2;
    return token_of(parser)->kind == LEX_END || take_small(parser, "a generation", 2, &op->root);
  case SCRIPT_THRESHOLD:
    return parse_threshold(parser, op);
  case SCRIPT_REPEAT:
    if (!take_number(parser, "the number of rounds", 0, UINT32_MAX, &number)) return false;
    op->number = number;
    return open_block(parser, op);
  case SCRIPT_ACTION:
    return parse_action(parser, op);
  case SCRIPT_END:
    return close_block(parser, op);
  case SCRIPT_RANDOM:
    return parse_random(parser, op);
  case SCRIPT_PRINT:
    return parse_print(parser, op);
  case SCRIPT_EXPECT:
    return parse_expect(parser, op);
  default:
    return true;
  }
}

/* class NAME FIELD... [finalizer ACTION | legacy ACTION] */
static bool parse_class(struct parser *parser)
{
  struct script *script = parser->script;
  struct script_class class = {.first_field = (uint32_t)script->field_name_count,
                               .finalizer = SCRIPT_NOBODY,
                               .line = parser->op_line,
                               .column = parser->op_column};
  const struct lex_token *token = token_of(parser);
  if (parser->depth > 0)
    return fail_at(parser, parser->op_line, parser->op_column, "a class stands outside of loops and actions");
  if (token->kind != LEX_WORD) return expected(parser, "the class's name");
  for (enum gc_kind kind = GC_INSTANCE; kind < GC_WEAK; kind++) {
    if (at_word(parser, script_kind_word(kind))) return expected(parser, "a name that is no kind of object");
  }
  class.name = script_name(script, token->text);
  const uint32_t other = script_class_find(script, class.name);
  if (other != SCRIPT_NOBODY)
    return fail_at(parser, parser->lexer.line, token->column, "there is a class '%s' already, in line %u", token->text,
                   script->classes[other].line);
  if (!next(parser)) return false;
  while (token_of(parser)->kind == LEX_WORD && !at_word(parser, "finalizer") && !at_word(parser, "legacy")) {
    const uint32_t name = script_name(script, token_of(parser)->text);
    for (uint32_t i = 0; i < class.field_count; i++) {
      if (script->field_names[class.first_field + i] == name)
        return fail_at(parser, parser->lexer.line, token_of(parser)->column, "the class has a field '%s' already",
                       token_of(parser)->text);
    }
    if (class.field_count == SCRIPT_FIELDS_MAX) return expected(parser, "fewer fields");
    script_add_field_name(script, name);
    class.field_count++;
    if (!next(parser)) return false;
  }
  if (token_of(parser)->kind == LEX_WORD) {
    class.legacy = at_word(parser, "legacy");
    if (!next(parser) || !take_action_name(parser, &class.finalizer)) return false;
  } else if (token_of(parser)->kind != LEX_END) {
    return expected(parser, "a field's name, finalizer or legacy");
  }
  script_add_class(script, class);
  return true;
}

static bool find_code(struct parser *parser, enum script_code *code)
{
  const struct lex_token *token = token_of(parser);
  const char *words[SCRIPT_CODES + 2];
  for (uint32_t i = 0; i < SCRIPT_CODES; i++) {
    words[i] = script_code_word((enum script_code)i);
    if (token->kind != LEX_WORD || strcmp(words[i], token->text) != 0) continue;
    *code = (enum script_code)i;
    return true;
  }
  words[SCRIPT_CODES] = "class";
  words[SCRIPT_CODES + 1] = "try";
  if (token->kind != LEX_WORD) return expected(parser, "an operation");
  char nearest[LEX_WORD_MAX + 32];
  return fail_at(parser, parser->lexer.line, token->column, "there is no operation '%s'%s", token->text,
                 did_you_mean(setting_nearest(token->text, words, SCRIPT_CODES + 2), nearest, sizeof nearest));
}

/* May "try" stand in front of it? */
static bool can_fail(enum script_code code) { return code <= SCRIPT_DEREF; }

static bool parse_line(struct parser *parser)
{
  if (token_of(parser)->kind == LEX_END) return true;
  parser->op_line = parser->lexer.line;
  parser->op_column = token_of(parser)->column;
  bool tries = false;
  if (at_word(parser, "try")) {
    tries = true;
    if (!next(parser)) return false;
  } else if (at_word(parser, "class")) {
    return next(parser) && parse_class(parser) &&
           (token_of(parser)->kind == LEX_END || expected(parser, "the end of the line"));
  }
  const uint32_t column = token_of(parser)->column;
  enum script_code code = SCRIPT_CODES;
  if (!find_code(parser, &code)) return false;
  if (tries && !can_fail(code))
    return fail_at(parser, parser->lexer.line, column,
                   "'try' has no meaning in front of '%s', which is always possible", script_code_word(code));
  struct script_op op = script_op_empty(code);
  op.line = parser->op_line;
  op.column = parser->op_column;
  op.flags = tries ? SCRIPT_TRY : 0;
  if (!next(parser) || !parse_rest(parser, &op)) return false;
  if (token_of(parser)->kind != LEX_END) return expected(parser, "the end of the line");
  script_add_op(parser->script, op);
  return true;
}

static bool finish(struct parser *parser)
{
  if (parser->depth > 0) {
    const struct open_block *open = &parser->open[parser->depth - 1];
    const struct script_op *op = &parser->script->ops[open->position];
    return fail_at(parser, open->line, op->column, "this '%s' has no 'end'", script_code_word(op->code));
  }
  for (uint32_t i = 0; i < parser->script->action_count; i++) {
    const struct script_action *action = &parser->script->actions[i];
    if (action->position != SCRIPT_NOBODY) continue;
    return fail_at(parser, action->line, action->column, "there is no action '%s'",
                   parser->script->names[action->name]);
  }
  return true;
}

struct script *script_parse(const char *text, size_t length, struct script_error *error)
{
  struct parser parser = {.script = script_new(), .error = error};
  lex_open(&parser.lexer, text, length, error);
  bool parsed = true;
  while (parsed && lex_next_line(&parser.lexer)) parsed = parse_line(&parser);
  parsed = parsed && error->line == 0 && finish(&parser);
  free(parser.root_of_name.list);
  free(parser.root_of_anonymous.list);
  if (parsed) {
    script_number(parser.script);
    return parser.script;
  }
  script_free(parser.script);
  return NULL;
}
