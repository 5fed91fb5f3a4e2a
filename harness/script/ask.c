/* Quantities: what print prints and expect compares. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/script/machine.h"

enum { WHY_MAX = 512 };

void machine_say(const struct machine *machine, const struct script_op *op, const char *format, ...)
{
  va_list arguments;
  fflush(machine->options->output); /* in the order in which it happened, where both go the same way */
  fprintf(stderr, "%s:%u:%u: ", machine->options->file, op->line, op->column);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

void machine_say_unsupported(struct machine *machine, uint64_t *said, unsigned bit, const char *what)
{
  machine->result.unsupported++;
  if (*said >> bit & 1) return;
  *said |= UINT64_C(1) << bit;
  fprintf(stderr, "%s: %s %s\n", machine->options->file, collector.name, what);
}

/* Of an object that must be there. */
static int64_t ask_object(struct machine *machine, enum script_quantity quantity, gc_ref object)
{
  static const enum collector_quantity asked[] = {
      [SCRIPT_ASK_REFCOUNT] = COLLECTOR_ASK_REFERENCES,
      [SCRIPT_ASK_TRACKED] = COLLECTOR_ASK_TRACKED,
      [SCRIPT_ASK_FINALIZED] = COLLECTOR_ASK_FINALIZED,
  };
  return collector_ask(machine->mutator, asked[quantity], 0, object);
}

/* Where untracked objects are in no generation, -1 is an answer. */
static int64_t ask_generation(struct machine *machine, gc_ref object, bool *is_known)
{
  *is_known = collector_ask(machine->mutator, COLLECTOR_ASK_TRACKED, 0, object) != COLLECTOR_NO_ANSWER;
  return collector_ask(machine->mutator, COLLECTOR_ASK_GENERATION, 0, object);
}

static bool ask_value(struct machine *machine, const struct range *range, const struct script_term *term,
                      int64_t *answer, bool *is_known, char *why)
{
  gc_ref object;
  if (!machine_value(machine, range, &term->values[0], &object)) {
    snprintf(why, WHY_MAX, "there is no such value: the root holds nothing that has this field");
    return false;
  }
  *answer = object == NULL;
  if (term->quantity == SCRIPT_ASK_IS_NONE) return true;
  if (object == NULL) {
    snprintf(why, WHY_MAX, "there is no object to ask for its '%s'", script_quantity_word(term->quantity));
    return false;
  }
  const bool is_weak = machine_shape(machine, object).kind == GC_WEAK;
  switch (term->quantity) {
  case SCRIPT_ASK_LENGTH:
    *answer = machine_length(machine, object);
    break;
  case SCRIPT_ASK_ALIVE:
    if (!is_weak) {
      snprintf(why, WHY_MAX, "'alive' asks a weak reference; this is none");
      return false;
    }
    *answer = gc_weak_get(machine->mutator, object) != NULL;
    break;
  case SCRIPT_ASK_GENERATION_OF:
    *answer = ask_generation(machine, object, is_known);
    break;
  default:
    *answer = ask_object(machine, term->quantity, object);
    *is_known = *answer != COLLECTOR_NO_ANSWER;
    break;
  }
  return true;
}

static bool ask_same(const struct machine *machine, const struct range *range, const struct script_term *term,
                     int64_t *answer, char *why)
{
  gc_ref first;
  gc_ref second;
  if (machine_value(machine, range, &term->values[0], &first) &&
      machine_value(machine, range, &term->values[1], &second)) {
    *answer = first == second;
    return true;
  }
  snprintf(why, WHY_MAX, "there is no such value: the root holds nothing that has this field");
  return false;
}

static int64_t ask_collector(struct machine *machine, enum collector_quantity quantity, uint32_t generation,
                             bool *is_known)
{
  const int64_t answer = collector_ask(machine->mutator, quantity, (int)generation, NULL);
  *is_known = answer != COLLECTOR_NO_ANSWER;
  return answer;
}

bool machine_ask(struct machine *machine, const struct range *range, const struct script_term *term, int64_t *answer,
                 bool *is_known, char *why)
{
  const struct gc_counters *counters = &machine->mutator->counters;
  const struct gc_counters *before = &machine->before;
  const uint32_t g = term->number;
  *is_known = true;
  switch (term->quantity) {
  case SCRIPT_ASK_COUNT:
    *answer = ask_collector(machine, COLLECTOR_ASK_COUNT, g, is_known);
    return true;
  case SCRIPT_ASK_THRESHOLDS: /* any number may be a threshold: the count tells whether there are some */
    (void)ask_collector(machine, COLLECTOR_ASK_COUNT, g, is_known);
    *answer = collector_ask(machine->mutator, COLLECTOR_ASK_THRESHOLD, (int)g, NULL);
    return true;
  case SCRIPT_ASK_COLLECTIONS:
    *answer = (int64_t)(counters->collections[g] - before->collections[g]);
    return true;
  case SCRIPT_ASK_COLLECTED:
    *answer = (int64_t)(counters->collected[g] - before->collected[g]);
    return true;
  case SCRIPT_ASK_UNCOLLECTABLE:
    *answer = (int64_t)(counters->uncollectable[g] - before->uncollectable[g]);
    return true;
  case SCRIPT_ASK_FOUND:
    *answer = machine->found;
    return true;
  case SCRIPT_ASK_LIVE:
    collector_settle(machine->mutator);
    *answer = (int64_t)(counters->allocated_objects - counters->freed_objects);
    return true;
  case SCRIPT_ASK_FROZEN:
    *answer = ask_collector(machine, COLLECTOR_ASK_FROZEN, 0, is_known) - machine->frozen_before;
    return true;
  case SCRIPT_ASK_ENABLED:
    *answer = ask_collector(machine, COLLECTOR_ASK_ENABLED, 0, is_known);
    return true;
  case SCRIPT_ASK_GARBAGE:
    *answer = ask_collector(machine, COLLECTOR_ASK_GARBAGE, 0, is_known);
    return true;
  case SCRIPT_ASK_SAME:
    return ask_same(machine, range, term, answer, why);
  case SCRIPT_ASK_RUNS:
    *answer = (int64_t)machine->actions[term->number].runs;
    return true;
  default:
    return ask_value(machine, range, term, answer, is_known, why);
  }
}

static void say_unknown(struct machine *machine, enum script_quantity quantity)
{
  char what[64];
  snprintf(what, sizeof what, "has no answer to '%s'", script_quantity_word(quantity));
  machine_say_unsupported(machine, &machine->said_quantities, quantity, what);
}

bool machine_print(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  FILE *out = machine->options->output;
  for (uint32_t i = 0; i < op->operands; i++) {
    const struct script_operand *operand = &machine->script->operands[op->first + i];
    if (i > 0) fputc(' ', out);
    if (operand->kind == SCRIPT_OPERAND_TEXT) {
      fputs(machine->script->texts[operand->text], out);
      continue;
    }
    int64_t answer = 0;
    bool is_known;
    if (!machine_ask(machine, range, &operand->term, &answer, &is_known, why)) {
      fputc('\n', out);
      return false;
    }
    if (is_known) {
      fprintf(out, "%lld", (long long)answer);
    } else {
      fputc('?', out);
      say_unknown(machine, operand->term.quantity);
    }
  }
  fputc('\n', out);
  return true;
}

static bool holds(int64_t left, enum script_relation relation, int64_t right)
{
  switch (relation) {
  case SCRIPT_EQUAL:
    return left == right;
  case SCRIPT_UNEQUAL:
    return left != right;
  case SCRIPT_LESS:
    return left < right;
  case SCRIPT_AT_MOST:
    return left <= right;
  case SCRIPT_MORE:
    return left > right;
  case SCRIPT_AT_LEAST:
    return left >= right;
  }
  return false;
}

bool machine_expect(struct machine *machine, const struct range *range, const struct script_op *op, char *why)
{
  int64_t answer = 0;
  bool is_known;
  if (!machine_ask(machine, range, &op->term, &answer, &is_known, why)) return false;
  if (!is_known) {
    say_unknown(machine, op->term.quantity);
    return true;
  }
  machine->result.expectations++;
  if (holds(answer, (enum script_relation)op->relation, op->number)) return true;
  machine->result.failed_expectations++;
  machine_say(machine, op, "on %s, %s is %lld, not %s %lld", collector.name, script_quantity_word(op->term.quantity),
              (long long)answer, script_relation_word((enum script_relation)op->relation), (long long)op->number);
  return true;
}
