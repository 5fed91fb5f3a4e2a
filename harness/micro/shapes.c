#include "harness/micro/shapes.h"

#include <stdlib.h>

#include "base/memory.h"

const char *shape_name(enum shape shape)
{
  static const char *const names[SHAPES] = {"list", "tree", "graph", "array"};
  return names[shape];
}

const char *shape_limit(enum shape shape) { return shape == SHAPE_GRAPH ? "limit/independent" : "limit/in_order"; }

static gc_ref load(struct micro *micro, uint32_t index) { return gc_load(micro->mutator, micro->roots[0], index); }

static void clear(struct micro *micro, int root) { gc_root(micro->mutator, &micro->roots[root], NULL); }

/* An array in roots[0], and in each of its slots an object. */
static void build_table(struct micro *micro, uint32_t count, struct gc_shape shape)
{
  gc_new(micro->mutator, &micro->roots[0], (struct gc_shape){.fields = count, .kind = GC_LIST});
  for (uint32_t i = 0; i < count; i++) {
    gc_new(micro->mutator, &micro->roots[1], shape);
    gc_store(micro->mutator, micro->roots[0], i, micro->roots[1]);
  }
  clear(micro, 1);
}

static void build_list(struct micro *micro, uint32_t count)
{
  clear(micro, 0);
  for (uint32_t i = 0; i < count; i++) {
    gc_new(micro->mutator, &micro->roots[1], MICRO_NODE);
    gc_store(micro->mutator, micro->roots[1], 0, micro->roots[0]);
    gc_root(micro->mutator, &micro->roots[0], micro->roots[1]);
  }
  clear(micro, 1);
}

/*
 * A heap's numbering: node i refers to nodes 2i and 2i + 1, the root is 1.  Levels wait in arrays from the lowest up,
 * so that besides the tree only one level of references is held: roots[0] has the level below, roots[1] this one.
 */
static void build_tree(struct micro *micro, uint32_t count)
{
  uint32_t first = 1; /* of the lowest level */
  while (first <= count / 2) first *= 2;
  clear(micro, 0);
  uint32_t below_first = 0, below_end = 0;
  for (; first > 0; first /= 2) {
    const uint32_t end = 2 * first <= count ? 2 * first : count + 1;
    gc_new(micro->mutator, &micro->roots[1], (struct gc_shape){.fields = end - first, .kind = GC_LIST});
    for (uint32_t i = first; i < end; i++) {
      gc_new(micro->mutator, &micro->roots[2], MICRO_NODE);
      for (uint32_t side = 0; side < 2; side++) {
        const uint32_t child = 2 * i + side;
        if (child < below_end) gc_store(micro->mutator, micro->roots[2], side, load(micro, child - below_first));
      }
      gc_store(micro->mutator, micro->roots[1], i - first, micro->roots[2]);
    }
    gc_root(micro->mutator, &micro->roots[0], micro->roots[1]);
    below_first = first;
    below_end = end;
  }
  gc_root(micro->mutator, &micro->roots[0], micro->roots[2]);
  clear(micro, 1);
  clear(micro, 2);
}

static void build_graph(struct micro *micro, uint32_t count, bool acyclic)
{
  build_table(micro, count, MICRO_NODE);
  for (uint32_t i = 1; i < count; i++) {
    const uint32_t bound = acyclic ? i : count;
    for (uint32_t field = 0; field < 2; field++) {
      const uint32_t other = random_below(&micro->random, bound);
      gc_store(micro->mutator, load(micro, i), field, load(micro, other));
    }
  }
}

void shape_build(struct micro *micro, enum shape shape, uint32_t count, bool acyclic)
{
  switch (shape) {
  case SHAPE_LIST:
    build_list(micro, count);
    break;
  case SHAPE_TREE:
    build_tree(micro, count);
    break;
  case SHAPE_GRAPH:
    build_graph(micro, count, acyclic);
    break;
  case SHAPE_ARRAY:
  case SHAPES:
    build_table(micro, count - 1, (struct gc_shape){.bytes = 8, .kind = GC_ATOM});
    break;
  }
}

uint32_t *shape_random_cycle(struct random *random, uint32_t count)
{
  uint32_t *next = memory_require(reallocarray(NULL, count, sizeof *next));
  for (uint32_t i = 0; i < count; i++) next[i] = i;
  for (uint32_t i = count - 1; i > 0; i--) {
    const uint32_t j = random_below(random, i);
    const uint32_t other = next[j];
    next[j] = next[i];
    next[i] = other;
  }
  return next;
}

void shape_build_working_set(struct micro *micro, unsigned bits)
{
  const uint32_t count = UINT32_C(1) << bits;
  build_table(micro, count, MICRO_NODE);
  uint32_t *next = shape_random_cycle(&micro->random, count);
  for (uint32_t i = 0; i < count; i++) {
    gc_store(micro->mutator, load(micro, i), 0, load(micro, random_below(&micro->random, count)));
    gc_store(micro->mutator, load(micro, i), 1, load(micro, next[i]));
  }
  free(next);
}
