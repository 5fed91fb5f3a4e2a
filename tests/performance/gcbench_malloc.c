/*
 * gcbench_malloc: the work of workloads/gcbench.c, written by hand with malloc and free.
 *
 * What a C programmer would write who knows when each tree dies: no counts, no headers, no frames.  It is the yardstick
 * for refcount, and prints the checksum of gcbench's default size (the two must agree) and the wall time.
 *
 *   LD_PRELOAD=libjemalloc.so.2 gclab-gcbench-malloc
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"

enum { DEPTH_STRETCH = 18, DEPTH_LONG = 16, DEPTH_MIN = 4, DEPTH_MAX = 16, ARRAY = 500000 };

struct node {
  struct node *left, *right;
  int32_t i, j;
};

static uint64_t checksum;

static void mix(uint64_t value)
{
  uint64_t state = checksum ^ value;
  checksum = random_mix64(&state);
}

static void *require(void *memory)
{
  if (memory != NULL) return memory;
  fputs("gclab-gcbench-malloc: out of memory\n", stderr);
  exit(1);
}

static struct node *node_new(void)
{
  struct node *node = require(malloc(sizeof *node));
  *node = (struct node){0};
  return node;
}

static void populate(int depth, struct node *node)
{
  if (depth <= 0) return;
  node->left = node_new();
  node->right = node_new();
  populate(depth - 1, node->left);
  populate(depth - 1, node->right);
}

static struct node *make_tree(int depth)
{
  if (depth <= 0) return node_new();
  struct node *left = make_tree(depth - 1);
  struct node *right = make_tree(depth - 1);
  struct node *node = node_new();
  node->left = left;
  node->right = right;
  return node;
}

static void free_tree(struct node *node)
{
  if (node == NULL) return;
  free_tree(node->left);
  free_tree(node->right);
  free(node);
}

static uint64_t count_nodes(const struct node *node)
{
  return node == NULL ? 0 : 1 + count_nodes(node->left) + count_nodes(node->right);
}

static uint64_t tree_size(int depth) { return (UINT64_C(1) << (depth + 1)) - 1; }

static void construct(int depth)
{
  const uint64_t iterations = 2 * tree_size(DEPTH_STRETCH) / tree_size(depth);
  for (uint64_t i = 0; i < iterations; i++) {
    struct node *tree = node_new();
    populate(depth, tree);
    if (i == 0) mix(count_nodes(tree));
    free_tree(tree);
  }
  for (uint64_t i = 0; i < iterations; i++) {
    struct node *tree = make_tree(depth);
    if (i == 0) mix(count_nodes(tree));
    free_tree(tree);
  }
}

int main(void)
{
  const uint64_t start_ns = clock_now_ns();
  free_tree(make_tree(DEPTH_STRETCH));
  struct node *long_lived = node_new();
  populate(DEPTH_LONG, long_lived);
  double *array = require(calloc(ARRAY, sizeof *array));
  for (int i = 0; i < ARRAY / 2; i++) array[i] = 1.0 / (double)(i + 1);
  for (int depth = DEPTH_MIN; depth <= DEPTH_MAX; depth += 2) construct(depth);
  mix(count_nodes(long_lived));
  mix(array[ARRAY / 4] == 1.0 / (double)(ARRAY / 4 + 1));
  free_tree(long_lived);
  free(array);
  printf("{\"checksum\": \"%016" PRIx64 "\", \"wall_ns\": %" PRIu64 "}\n", checksum, clock_now_ns() - start_ns);
  return 0;
}
