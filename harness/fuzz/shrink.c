#include "harness/fuzz/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "harness/process/interrupt.h"
#include "harness/script/packed.h"

struct shrinker {
  struct script *best;
  shrink_test *test;
  void *context;
  size_t tests_max;
  struct shrink_progress progress;
  void (*report)(const struct shrink_progress *);
};

/* A copy, through the packed form; lines are of its own text then. */
static struct script *copy_script(const struct script *script)
{
  struct script_error error;
  size_t length;
  void *bytes = script_pack(script, &length);
  struct script *copy = script_unpack(bytes, length, &error);
  free(bytes);
  return copy;
}

static bool may_go(const struct script_op *op)
{
  return op->code != SCRIPT_REPEAT && op->code != SCRIPT_ACTION && op->code != SCRIPT_END;
}

/* Takes away the operations that are marked; positions of blocks follow. */
static void remove_marked(struct script *script, const bool *marked)
{
  uint32_t open[SCRIPT_NESTING_MAX] = {0};
  uint32_t depth = 0;
  size_t kept = 0;
  for (size_t i = 0; i < script->op_count; i++) {
    if (marked[i]) continue;
    struct script_op op = script->ops[i];
    if (op.code == SCRIPT_ACTION) script->actions[op.action].position = (uint32_t)kept;
    if (op.code == SCRIPT_ACTION || op.code == SCRIPT_REPEAT) open[depth++] = (uint32_t)kept;
    if (op.code == SCRIPT_END) {
      op.target = open[--depth];
      script->ops[op.target].target = (uint32_t)kept;
    }
    script->ops[kept++] = op;
  }
  script->op_count = kept;
}

/* Is the candidate as good?  Then it is the best; otherwise it is freed. */
static bool try_candidate(struct shrinker *shrinker, struct script *candidate)
{
  if (shrinker->progress.tests >= shrinker->tests_max || interrupt_is_asked()) {
    script_free(candidate);
    return false;
  }
  shrinker->progress.tests++;
  script_number(candidate);
  if (!shrinker->test(shrinker->context, candidate)) {
    script_free(candidate);
    return false;
  }
  script_free(shrinker->best);
  shrinker->best = candidate;
  shrinker->progress.operations = candidate->op_count;
  if (shrinker->report != NULL) shrinker->report(&shrinker->progress);
  return true;
}

static bool try_without(struct shrinker *shrinker, size_t from, size_t count)
{
  const size_t ops = shrinker->best->op_count;
  bool *marked = memory_require(calloc(ops + 1, sizeof *marked));
  size_t marks = 0;
  for (size_t i = from; i < from + count && i < ops; i++) {
    marked[i] = may_go(&shrinker->best->ops[i]);
    marks += marked[i];
  }
  bool better = false;
  if (marks > 0) {
    struct script *candidate = copy_script(shrinker->best);
    remove_marked(candidate, marked);
    better = try_candidate(shrinker, candidate);
  }
  free(marked);
  return better;
}

/* Everything behind the failure goes first: the shortest beginning that fails, by halving. */
static void cut_end(struct shrinker *shrinker)
{
  for (size_t cut = shrinker->best->op_count / 2; cut > 0;) {
    const size_t count = shrinker->best->op_count;
    if (cut >= count || !try_without(shrinker, count - cut, cut)) cut /= 2;
  }
}

static bool remove_chunks(struct shrinker *shrinker)
{
  const size_t before = shrinker->best->op_count;
  for (size_t chunk = before / 2 > 0 ? before / 2 : 1; chunk > 0; chunk /= 2) {
    for (size_t end = shrinker->best->op_count; end > 0;) {
      const size_t from = end > chunk ? end - chunk : 0;
      try_without(shrinker, from, end - from);
      end = from < shrinker->best->op_count ? from : shrinker->best->op_count;
    }
  }
  return shrinker->best->op_count < before;
}

/* Simpler operations: fewer elements, none in place of a value, no raw bytes. */
static void simplify(struct shrinker *shrinker)
{
  for (size_t i = 0; i < shrinker->best->op_count; i++) {
    struct script *candidate = copy_script(shrinker->best);
    struct script_op *op = &candidate->ops[i];
    const bool has_value = op->code >= SCRIPT_LOAD && op->code <= SCRIPT_APPEND && op->value.kind != SCRIPT_NONE;
    if (op->code == SCRIPT_NEW && op->bytes != 0) {
      op->bytes = 0;
      try_candidate(shrinker, candidate);
    } else if (has_value) {
      op->value = (struct script_value){.kind = SCRIPT_NONE};
      try_candidate(shrinker, candidate);
    } else {
      script_free(candidate);
    }
    const uint32_t operands = shrinker->best->ops[i].code == SCRIPT_NEW ? shrinker->best->ops[i].operands : 0;
    for (uint32_t k = 0; k < operands; k++) {
      candidate = copy_script(shrinker->best);
      struct script_value *value = &candidate->operands[candidate->ops[i].first + k].value;
      const bool is_none = value->kind == SCRIPT_NONE;
      value->kind = SCRIPT_NONE;
      if (is_none) {
        script_free(candidate);
      } else {
        try_candidate(shrinker, candidate);
      }
    }
  }
}

struct script *script_shrink(const struct script *script, shrink_test *test, void *context, size_t tests_max,
                             void (*progress)(const struct shrink_progress *))
{
  struct shrinker shrinker = {
      .best = copy_script(script), .test = test, .context = context, .tests_max = tests_max, .report = progress};
  cut_end(&shrinker);
  while (remove_chunks(&shrinker) && shrinker.progress.tests < tests_max) {
  }
  simplify(&shrinker);
  remove_chunks(&shrinker);
  return shrinker.best;
}
