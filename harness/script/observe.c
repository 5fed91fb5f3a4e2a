/* What a run looks like from outside: observations for comparing, the trace for reading. */
#include <stdio.h>
#include <string.h>

#include "harness/script/machine.h"
#include "harness/script/print.h"

enum { HEADER_BYTES = 64, VERSION = 1 };

void machine_observe_begin(struct machine *machine)
{
  unsigned char header[HEADER_BYTES] = "gclabobs";
  const uint32_t words[] = {VERSION, machine->frozen_before > 0 ? (uint32_t)machine->frozen_before : 0, 0};
  memcpy(header + 8, words, sizeof words);
  if (machine->options->observations != NULL) fwrite(header, 1, sizeof header, machine->options->observations);
}

static int32_t references_of(struct machine *machine, const struct range *range, const struct script_op *op)
{
  if (op->code > SCRIPT_DEREF || machine->depth > 0) return -1; /* frames of calls hold references too */
  const gc_ref object = machine_root(machine, range, op->root);
  if (object == NULL || op->root == SCRIPT_SELF) return -1;
  return (int32_t)collector_ask(machine->mutator, COLLECTOR_ASK_REFERENCES, 0, object);
}

void machine_observe(struct machine *machine, const struct range *range, const struct script_op *op)
{
  FILE *out = machine->options->observations;
  if (out == NULL || machine->is_over) return;
  const struct gc_counters *now = &machine->mutator->counters;
  const struct gc_counters *before = &machine->before;
  struct script_observation row = {.position = (int32_t)(op - machine->script->ops),
                                   .depth = (int32_t)machine->depth,
                                   .references = references_of(machine, range, op),
                                   .found = (int32_t)machine->returned};
  for (int i = 0; i < GC_GENERATIONS; i++) {
    row.count[i] = (int32_t)collector_ask(machine->mutator, COLLECTOR_ASK_COUNT, i, NULL);
    row.collections[i] = (int32_t)(now->collections[i] - before->collections[i]);
    row.collected[i] = (int32_t)(now->collected[i] - before->collected[i]);
    row.uncollectable[i] = (int32_t)(now->uncollectable[i] - before->uncollectable[i]);
  }
  fwrite(&row, sizeof row, 1, out);
}

void machine_trace_before(struct machine *machine, size_t position)
{
  FILE *out = machine->options->output;
  fprintf(out, "%5u %*s", machine->script->ops[position].line, (int)(2 * machine->depth), "");
  script_print_op(machine->script, position, out);
  fputc('\n', out);
}

/* After an operation in which there was a collection: which, and what it found. */
void machine_trace_after(struct machine *machine)
{
  const struct gc_counters *now = &machine->mutator->counters;
  uint64_t collections = 0;
  uint64_t collected = 0;
  for (int i = 0; i < GC_GENERATIONS; i++) {
    collections += now->collections[i] - machine->before.collections[i];
    collected += now->collected[i] - machine->before.collected[i];
  }
  if (collections == machine->traced_collections) return;
  machine->traced_collections = collections;
  fprintf(machine->options->output, "      -> collections %llu %llu %llu, %llu found unreachable so far",
          (unsigned long long)(now->collections[0] - machine->before.collections[0]),
          (unsigned long long)(now->collections[1] - machine->before.collections[1]),
          (unsigned long long)(now->collections[2] - machine->before.collections[2]), (unsigned long long)collected);
  if (collector_ask(machine->mutator, COLLECTOR_ASK_COUNT, 0, NULL) != COLLECTOR_NO_ANSWER) {
    fputs("; counts", machine->options->output);
    for (int i = 0; i < GC_GENERATIONS; i++)
      fprintf(machine->options->output, " %lld",
              (long long)collector_ask(machine->mutator, COLLECTOR_ASK_COUNT, i, NULL));
  }
  fputc('\n', machine->options->output);
}
