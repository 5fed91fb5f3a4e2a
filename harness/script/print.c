#include "harness/script/print.h"

#include <string.h>

#include "harness/script/random_block.h"

enum { INDENT = 2 };

/* %N counts the roots without a name only. */
static uint32_t anonymous_number(const struct script *script, uint32_t root)
{
  uint32_t number = 0;
  for (uint32_t i = 0; i < root; i++) number += script->roots[i] == SCRIPT_NOBODY;
  return number;
}

static void print_root(const struct script *script, uint32_t root, FILE *out)
{
  if (root == SCRIPT_SELF) {
    fputs("self", out);
  } else if (script->roots[root] == SCRIPT_NOBODY) {
    fprintf(out, "%%%u", anonymous_number(script, root));
  } else {
    fputs(script->names[script->roots[root]], out);
  }
}

static void print_field(const struct script *script, uint32_t field, FILE *out)
{
  if (field & SCRIPT_NAMED) {
    fprintf(out, ".%s", script->names[field & ~SCRIPT_NAMED]);
  } else {
    fprintf(out, ".%u", field);
  }
}

static void print_value(const struct script *script, const struct script_value *value, FILE *out)
{
  if (value->kind == SCRIPT_NONE) {
    fputs("none", out);
    return;
  }
  print_root(script, value->root, out);
  if (value->kind == SCRIPT_FIELD) print_field(script, value->field, out);
}

static void print_text(const char *text, FILE *out)
{
  fputc('"', out);
  for (; *text != '\0'; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c == '\n') {
      fputs("\\n", out);
    } else if (c == '\t') {
      fputs("\\t", out);
    } else if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", c);
    } else if (c < ' ' || c == 0x7f) {
      fprintf(out, "\\x%02x", c);
    } else {
      fputc(c, out);
    }
  }
  fputc('"', out);
}

static const char *action_name(const struct script *script, uint32_t action)
{
  return script->names[script->actions[action].name];
}

static void print_term(const struct script *script, const struct script_term *term, FILE *out)
{
  fputs(script_quantity_word(term->quantity), out);
  switch (script_quantity_argument(term->quantity)) {
  case SCRIPT_NOTHING:
    break;
  case SCRIPT_GENERATION:
    fprintf(out, " %u", term->number);
    break;
  case SCRIPT_VALUE:
    fputc(' ', out);
    print_value(script, &term->values[0], out);
    break;
  case SCRIPT_TWO_VALUES:
    fputc(' ', out);
    print_value(script, &term->values[0], out);
    fputc(' ', out);
    print_value(script, &term->values[1], out);
    break;
  case SCRIPT_ACTION_NAME:
    fprintf(out, " %s", action_name(script, term->number));
    break;
  }
}

static void print_operands(const struct script *script, const struct script_op *op, FILE *out)
{
  for (uint32_t i = 0; i < op->operands; i++) {
    const struct script_operand *operand = &script->operands[op->first + i];
    fputc(' ', out);
    switch (operand->kind) {
    case SCRIPT_OPERAND_VALUE:
      print_value(script, &operand->value, out);
      break;
    case SCRIPT_OPERAND_TEXT:
      print_text(script->texts[operand->text], out);
      break;
    case SCRIPT_OPERAND_TERM:
      print_term(script, &operand->term, out);
      break;
    case SCRIPT_OPERAND_OPTION:
      fprintf(out, "%s %lld", script_random_option_word((enum script_random_option)operand->text),
              (long long)operand->number);
      break;
    }
  }
}

static void print_new(const struct script *script, const struct script_op *op, FILE *out)
{
  if (op->kind == GC_INSTANCE && op->type != SCRIPT_NOBODY) {
    fprintf(out, " %s", script->names[script->classes[op->type].name]);
  } else {
    fprintf(out, " %s", script_kind_word((enum gc_kind)op->kind));
    if (op->kind == GC_INSTANCE) fprintf(out, " %u", op->size);
    if (op->kind == GC_LIST) fprintf(out, " %u room %u", op->length, op->size);
    if (op->kind == GC_DICT) fprintf(out, " room %u", op->size);
    print_operands(script, op, out);
  }
  if (op->bytes != 0) fprintf(out, " bytes %u", op->bytes);
}

static void print_rest(const struct script *script, const struct script_op *op, FILE *out)
{
  switch (op->code) {
  case SCRIPT_NEW:
    print_new(script, op, out);
    break;
  case SCRIPT_STORE:
  case SCRIPT_DELETE:
    print_field(script, op->field, out);
    if (op->code == SCRIPT_DELETE) break;
    fputc(' ', out);
    print_value(script, &op->value, out);
    break;
  case SCRIPT_LOAD:
  case SCRIPT_APPEND:
  case SCRIPT_WEAK:
  case SCRIPT_DEREF:
    fputc(' ', out);
    print_value(script, &op->value, out);
    if (op->code == SCRIPT_WEAK && op->action != SCRIPT_NOBODY)
      fprintf(out, " callback %s", action_name(script, op->action));
    break;
  default:
    break;
  }
}

static bool begins_with_root(uint8_t code) { return code <= SCRIPT_DEREF; }

void script_print_op(const struct script *script, size_t position, FILE *out)
{
  const struct script_op *op = &script->ops[position];
  if (op->flags & SCRIPT_TRY) fputs("try ", out);
  fputs(script_code_word((enum script_code)op->code), out);
  if (begins_with_root(op->code)) {
    fputc(' ', out);
    print_root(script, op->root, out);
    print_rest(script, op, out);
    return;
  }
  switch (op->code) {
  case SCRIPT_COLLECT:
    fprintf(out, " %u", op->root);
    break;
  case SCRIPT_THRESHOLD:
    for (uint32_t i = 0; i < op->size; i++) fprintf(out, " %lld", (long long)op->thresholds[i]);
    break;
  case SCRIPT_REPEAT:
    fprintf(out, " %lld", (long long)op->number);
    break;
  case SCRIPT_ACTION:
    fprintf(out, " %s", action_name(script, op->action));
    break;
  case SCRIPT_RANDOM:
    fprintf(out, " %lld %u", (long long)op->number, op->root);
    print_operands(script, op, out);
    break;
  case SCRIPT_PRINT:
    print_operands(script, op, out);
    break;
  case SCRIPT_EXPECT:
    fputc(' ', out);
    print_term(script, &op->term, out);
    fprintf(out, " %s %lld", script_relation_word((enum script_relation)op->relation), (long long)op->number);
    break;
  default:
    break;
  }
}

static void print_class(const struct script *script, const struct script_class *class, FILE *out)
{
  fprintf(out, "class %s", script->names[class->name]);
  for (uint32_t i = 0; i < class->field_count; i++)
    fprintf(out, " %s", script->names[script->field_names[class->first_field + i]]);
  if (class->finalizer != SCRIPT_NOBODY)
    fprintf(out, " %s %s", class->legacy ? "legacy" : "finalizer", action_name(script, class->finalizer));
  fputc('\n', out);
}

void script_print(const struct script *script, FILE *out)
{
  int depth = 0;
  for (size_t i = 0; i < script->class_count; i++) print_class(script, &script->classes[i], out);
  for (size_t i = 0; i < script->op_count; i++) {
    if (script->ops[i].code == SCRIPT_END) depth--;
    fprintf(out, "%*s", INDENT * depth, "");
    script_print_op(script, i, out);
    fputc('\n', out);
    if (script->ops[i].code == SCRIPT_REPEAT || script->ops[i].code == SCRIPT_ACTION) depth++;
  }
}
