/* compiler_parse: source text becomes syntax trees, whose nodes refer to their parents. */
#include "workloads/compiler.h"

#include <string.h>

#include "workloads/dict.h"
#include "workloads/list.h"

enum { NAME_BYTES_MAX = 15 };

static const struct gc_shape node_shape = {
    .fields = NODE_FIELDS, .bytes = sizeof(struct node_data), .kind = GC_INSTANCE};

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
    if (strcmp(p->spelling, compiler_ops[each].text) != 0) continue;
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
  while (p->token == AN_OPERATOR && compiler_ops[p->op].precedence >= precedence) {
    const enum op op = p->op;
    advance(p);
    parse_binary(p, compiler_ops[op].precedence + 1u, &frame.slot[RIGHT]);
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
void compiler_parse_unit(struct compiler *c, const gc_ref *text, gc_ref *unit)
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
