/*
 * gcbench_malloc: the work of workloads/gcbench.c, written by hand with malloc and free.
 *
 * What a C programmer would write who knows when each tree dies: no counts, no headers, no frames.  It is the yardstick
 * for refcount, and prints the checksum of gcbench's default size (the two must agree) and the times.
 *
 *   LD_PRELOAD=libjemalloc.so.2 gclab-gcbench-malloc
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct node *node_new(int levels)
{
  struct node *node = require(malloc(sizeof *node));
  *node = (struct node){.i = levels, .j = ~levels};
  return node;
}

static void populate(int depth, struct node *node)
{
  if (depth <= 0) return;
  node->left = node_new(depth - 1);
  node->right = node_new(depth - 1);
  populate(depth - 1, node->left);
  populate(depth - 1, node->right);
}

static struct node *make_tree(int depth)
{
  if (depth <= 0) return node_new(0);
  struct node *left = make_tree(depth - 1);
  struct node *right = make_tree(depth - 1);
  struct node *node = node_new(depth);
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

static uint64_t digest_tree(const struct node *node)
{
  if (node == NULL) return 1;
  const uint64_t own = (uint64_t)(uint32_t)node->i * (UINT64_C(1) << 32) + (uint32_t)node->j;
  return (own * 31 + digest_tree(node->left)) * 31 + digest_tree(node->right);
}

static uint64_t tree_size(int depth) { return (UINT64_C(1) << (depth + 1)) - 1; }

static void construct(int depth)
{
  const uint64_t iterations = 2 * tree_size(DEPTH_STRETCH) / tree_size(depth);
  for (uint64_t i = 0; i < iterations; i++) {
    struct node *tree = node_new(depth);
    populate(depth, tree);
    if (i == 0) mix(digest_tree(tree));
    free_tree(tree);
  }
  for (uint64_t i = 0; i < iterations; i++) {
    struct node *tree = make_tree(depth);
    if (i == 0) mix(digest_tree(tree));
    free_tree(tree);
  }
}

static void read_array(const double *array)
{
  for (int i = 0; i < ARRAY; i++) {
    uint64_t bits = 0;
    memcpy(&bits, &array[i], sizeof bits);
    mix(bits);
  }
}

int main(void)
{
  const uint64_t start_cpu_ns = clock_cpu_ns();
  const uint64_t start_ns = clock_now_ns();
  free_tree(make_tree(DEPTH_STRETCH));
  struct node *long_lived = node_new(DEPTH_LONG);
  populate(DEPTH_LONG, long_lived);
  double *array = require(calloc(ARRAY, sizeof *array));
  for (int i = 0; i < ARRAY / 2; i++) array[i] = 1.0 / (double)(i + 1);
  for (int depth = DEPTH_MIN; depth <= DEPTH_MAX; depth += 2) construct(depth);
  mix(digest_tree(long_lived));
  read_array(array);
  free_tree(long_lived);
  free(array);
  const uint64_t wall_ns = clock_now_ns() - start_ns;
  const uint64_t cpu_ns = clock_cpu_ns() - start_cpu_ns;
  printf("{\"checksum\": \"%016" PRIx64 "\", \"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 "}\n", checksum, wall_ns,
         cpu_ns);
  return 0;
}
