/*
 * splay: a large tree that every operation rearranges, with a heavy payload at each node.
 *
 * V8's and Octane's Splay: a top-down splay tree (Sleator and Tarjan, 1985) of 8000 nodes with random keys.  A
 * modification inserts a node with a new key, then removes the node with the greatest key below it.  The payload of a
 * node is a binary tree of depth 5 whose 32 leaves hold an array of ten numbers and a string with the key: 128
 * objects a node, a million in the tree.  Every operation splays, so that new nodes and old ones are linked both ways
 * all the time; with each insertion a payload is born, and one of random age dies.
 *
 * Octane runs sets of 80 modifications, 1400 of them where it counts, and scores the root mean square of the time a
 * set takes.  Here each modification is a request with its own latency, which is finer.
 */
#include "workloads/workload.h"

#include <string.h>

#include "base/clock.h"

enum { NODES, MODIFICATIONS, RUNS, PAYLOAD_DEPTH, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [NODES] = {.name = "nodes",
               .unit = "nodes",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 8000,
               .small_value = 40,
               .large_value = 32000,
               .minimum = 1,
               .maximum = 10000000,
               .help = "nodes of the splay tree (Octane: 8000)"},
    [MODIFICATIONS] = {.name = "modifications",
                       .unit = "requests",
                       .type = SETTING_INTEGER,
                       .scale = SETTING_LOG,
                       .default_value = 80,
                       .small_value = 10,
                       .large_value = 80,
                       .minimum = 1,
                       .maximum = 10000000,
                       .help = "insertions, each with a removal, in a set (Octane: 80)"},
    [RUNS] = {.name = "runs",
              .unit = "sets",
              .type = SETTING_INTEGER,
              .scale = SETTING_LOG,
              .default_value = 700,
              .small_value = 4,
              .large_value = 10000,
              .minimum = 1,
              .maximum = 1000000,
              .help = "sets of modifications (Octane: 1400)"},
    [PAYLOAD_DEPTH] = {.name = "payload_depth",
                       .unit = "levels",
                       .type = SETTING_INTEGER,
                       .default_value = 5,
                       .small_value = 2,
                       .large_value = 5,
                       .minimum = 0,
                       .maximum = 12,
                       .help = "depth of the tree of objects at each node (Octane: 5)"},
};

enum { LEFT, RIGHT, VALUE, NODE_FIELDS };
enum { ARRAY, STRING, PAIR_FIELDS }; /* of a leaf; the inner objects of a payload have LEFT and RIGHT */
enum { ROOT, TREE_FIELDS };

enum { ARRAY_LENGTH = 10, KEY_DIGITS = 16 };

static const char string_start[] = "String for key ";
static const char string_end[] = " in leaf node";

enum { STRING_BYTES = sizeof string_start - 1 + KEY_DIGITS + sizeof string_end - 1 };

static const struct gc_shape node_shape = {.fields = NODE_FIELDS, .bytes = sizeof(double), .kind = GC_INSTANCE};
static const struct gc_shape pair_shape = {.fields = PAIR_FIELDS, .kind = GC_INSTANCE};
static const struct gc_shape tree_shape = {.fields = TREE_FIELDS, .kind = GC_INSTANCE};
static const struct gc_shape array_shape = {.bytes = ARRAY_LENGTH * sizeof(int64_t), .kind = GC_ATOM};
static const struct gc_shape string_shape = {.bytes = STRING_BYTES, .kind = GC_ATOM};

/* The tree is an object with one field; `tree` is the root slot that holds it. */
struct splay {
  struct gc_mutator *mutator;
  gc_ref *tree;
};

static double node_key(gc_ref node) { return *(const double *)gc_bytes(node, NODE_FIELDS); }

static gc_ref tree_root(const struct splay *s) { return gc_load(s->mutator, *s->tree, ROOT); }

/*
 * Makes the node with this key, or the last one on the path to it, the tree's root.  Top-down: nodes on the way go to
 * the end of the left or right tree, which hang crosswise from a dummy node; every second step on one side rotates.
 */
static void tree_splay(const struct splay *s, double key)
{
  if (tree_root(s) == NULL) return;
  struct gc_mutator *mutator = s->mutator;
  enum { DUMMY, LEFT_END, RIGHT_END, CURRENT, CHILD, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  gc_new(mutator, &slot[DUMMY], node_shape);
  gc_root(mutator, &slot[LEFT_END], slot[DUMMY]);
  gc_root(mutator, &slot[RIGHT_END], slot[DUMMY]);
  gc_root(mutator, &slot[CURRENT], tree_root(s));
  for (;;) {
    const double here = node_key(slot[CURRENT]);
    if (key == here) break;
    const uint32_t side = key < here ? LEFT : RIGHT;
    const uint32_t other = side == LEFT ? RIGHT : LEFT;
    const uint32_t end = side == LEFT ? RIGHT_END : LEFT_END;
    gc_root(mutator, &slot[CHILD], gc_load(mutator, slot[CURRENT], side));
    if (slot[CHILD] == NULL) break;
    const double below = node_key(slot[CHILD]);
    if (side == LEFT ? key < below : key > below) {
      gc_store(mutator, slot[CURRENT], side, gc_load(mutator, slot[CHILD], other));
      gc_store(mutator, slot[CHILD], other, slot[CURRENT]);
      gc_root(mutator, &slot[CURRENT], slot[CHILD]);
      if (gc_load(mutator, slot[CURRENT], side) == NULL) break;
    }
    gc_store(mutator, slot[end], side, slot[CURRENT]);
    gc_root(mutator, &slot[end], slot[CURRENT]);
    gc_root(mutator, &slot[CURRENT], gc_load(mutator, slot[CURRENT], side));
  }
  gc_store(mutator, slot[LEFT_END], RIGHT, gc_load(mutator, slot[CURRENT], LEFT));
  gc_store(mutator, slot[RIGHT_END], LEFT, gc_load(mutator, slot[CURRENT], RIGHT));
  gc_store(mutator, slot[CURRENT], LEFT, gc_load(mutator, slot[DUMMY], RIGHT));
  gc_store(mutator, slot[CURRENT], RIGHT, gc_load(mutator, slot[DUMMY], LEFT));
  gc_store(mutator, *s->tree, ROOT, slot[CURRENT]);
  gc_pop(mutator, &frame.frame);
}

static bool tree_has(const struct splay *s, double key)
{
  tree_splay(s, key);
  const gc_ref root = tree_root(s);
  return root != NULL && node_key(root) == key;
}

/* The key is not in the tree.  The old root becomes one subtree of the new one and gives up its other. */
static void tree_insert(const struct splay *s, double key, const gc_ref *payload)
{
  tree_splay(s, key);
  struct gc_mutator *mutator = s->mutator;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_ref *const node = &frame.slot[0];
  gc_new(mutator, node, node_shape);
  *(double *)gc_bytes(*node, NODE_FIELDS) = key;
  gc_store(mutator, *node, VALUE, *payload);
  const gc_ref old_root = tree_root(s);
  if (old_root != NULL) {
    const uint32_t side = key > node_key(old_root) ? LEFT : RIGHT;
    const uint32_t other = side == LEFT ? RIGHT : LEFT;
    gc_store(mutator, *node, side, old_root);
    gc_store(mutator, *node, other, gc_load(mutator, tree_root(s), other));
    gc_store(mutator, tree_root(s), other, NULL);
  }
  gc_store(mutator, *s->tree, ROOT, *node);
  gc_pop(mutator, &frame.frame);
}

/* The key is in the tree. */
static void tree_remove(const struct splay *s, double key)
{
  tree_splay(s, key);
  struct gc_mutator *mutator = s->mutator;
  GC_FRAME(frame, 1);
  gc_push(mutator, &frame.frame);
  gc_ref *const right = &frame.slot[0];
  gc_root(mutator, right, gc_load(mutator, tree_root(s), RIGHT));
  const gc_ref left = gc_load(mutator, tree_root(s), LEFT);
  if (left == NULL) {
    gc_store(mutator, *s->tree, ROOT, *right);
  } else {
    gc_store(mutator, *s->tree, ROOT, left);
    tree_splay(s, key);
    gc_store(mutator, tree_root(s), RIGHT, *right);
  }
  gc_pop(mutator, &frame.frame);
}

/* The greatest key below this one, into *found; false where there is none. */
static bool tree_find_greatest_below(const struct splay *s, double key, double *found)
{
  tree_splay(s, key);
  gc_ref node = tree_root(s);
  if (node_key(node) >= key) node = gc_load(s->mutator, node, LEFT);
  if (node == NULL) return false;
  if (node != tree_root(s)) {
    for (gc_ref next = node; next != NULL; next = gc_load(s->mutator, node, RIGHT)) node = next;
  }
  *found = node_key(node);
  return true;
}

/* The digits that stand for a key in its strings: exact, and the same with every C library. */
static void format_key(double key, char digits[KEY_DIGITS])
{
  uint64_t bits = 0;
  memcpy(&bits, &key, sizeof bits);
  for (int i = KEY_DIGITS - 1; i >= 0; i--, bits >>= 4) digits[i] = "0123456789abcdef"[bits & 15];
}

static void fill_leaf(struct gc_mutator *mutator, gc_ref *pieces, const char digits[KEY_DIGITS])
{
  gc_new(mutator, &pieces[ARRAY], array_shape);
  int64_t *numbers = gc_bytes(pieces[ARRAY], 0);
  for (int i = 0; i < ARRAY_LENGTH; i++) numbers[i] = i;
  gc_new(mutator, &pieces[STRING], string_shape);
  char *text = gc_bytes(pieces[STRING], 0);
  memcpy(text, string_start, sizeof string_start - 1);
  memcpy(text + sizeof string_start - 1, digits, KEY_DIGITS);
  memcpy(text + sizeof string_start - 1 + KEY_DIGITS, string_end, sizeof string_end - 1);
}

/* Recursion is as deep as the payload. */
static void make_payload(struct gc_mutator *mutator, int64_t depth, const char digits[KEY_DIGITS], gc_ref *slot)
{
  GC_FRAME(frame, PAIR_FIELDS);
  gc_push(mutator, &frame.frame);
  if (depth == 0) {
    fill_leaf(mutator, frame.slot, digits);
  } else {
    make_payload(mutator, depth - 1, digits, &frame.slot[LEFT]);
    make_payload(mutator, depth - 1, digits, &frame.slot[RIGHT]);
  }
  gc_new(mutator, slot, pair_shape);
  gc_store(mutator, *slot, 0, frame.slot[0]);
  gc_store(mutator, *slot, 1, frame.slot[1]);
  gc_pop(mutator, &frame.frame);
}

/* Inserts a node with a key that the tree does not have, and returns the key. */
static double insert_new_node(struct workload_run *run, const struct splay *s)
{
  double key = 0.0;
  do {
    key = random_unit(&run->random);
  } while (tree_has(s, key));
  char digits[KEY_DIGITS];
  format_key(key, digits);
  GC_FRAME(frame, 1);
  gc_push(run->mutator, &frame.frame);
  make_payload(run->mutator, run->parameters[PAYLOAD_DEPTH], digits, &frame.slot[0]);
  tree_insert(s, key, &frame.slot[0]);
  gc_pop(run->mutator, &frame.frame);
  return key;
}

static void modify(struct workload_run *run, const struct splay *s)
{
  const double key = insert_new_node(run, s);
  double victim = key;
  tree_find_greatest_below(s, key, &victim);
  tree_remove(s, victim);
}

static uint64_t digest_leaf(struct gc_mutator *mutator, gc_ref leaf)
{
  uint64_t digest = 0;
  const int64_t *numbers = gc_bytes(gc_load(mutator, leaf, ARRAY), 0);
  for (int i = 0; i < ARRAY_LENGTH; i++) digest = digest * 31 + (uint64_t)numbers[i];
  const char *text = gc_bytes(gc_load(mutator, leaf, STRING), 0);
  for (int i = 0; i < STRING_BYTES; i++) digest = digest * 31 + (unsigned char)text[i];
  return digest;
}

static uint64_t digest_payload(struct gc_mutator *mutator, gc_ref payload, int64_t depth)
{
  if (depth == 0) return digest_leaf(mutator, payload);
  const uint64_t left = digest_payload(mutator, gc_load(mutator, payload, LEFT), depth - 1);
  return left * 31 + digest_payload(mutator, gc_load(mutator, payload, RIGHT), depth - 1);
}

/* The node with the least key above this one, or NULL.  A descent: a splay tree may be too deep to recurse through. */
static gc_ref next_node(const struct splay *s, double key)
{
  gc_ref best = NULL;
  gc_ref node = tree_root(s);
  while (node != NULL) {
    if (node_key(node) > key) best = node;
    node = gc_load(s->mutator, node, node_key(node) > key ? LEFT : RIGHT);
  }
  return best;
}

/* Reads the whole tree in the order of its keys; no safepoint in all of it. */
static void check_tree(struct workload_run *run, const struct splay *s)
{
  double key = -1.0;
  uint64_t nodes = 0;
  for (gc_ref node = next_node(s, key); node != NULL; node = next_node(s, key)) {
    key = node_key(node);
    uint64_t bits = 0;
    memcpy(&bits, &key, sizeof bits);
    workload_checksum(run, bits);
    workload_checksum(run,
                      digest_payload(run->mutator, gc_load(run->mutator, node, VALUE), run->parameters[PAYLOAD_DEPTH]));
    nodes++;
  }
  workload_checksum(run, nodes);
}

static void run_splay(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  GC_FRAME(frame, 1);
  gc_push(run->mutator, &frame.frame);
  const struct splay s = {.mutator = run->mutator, .tree = &frame.slot[0]};
  gc_new(run->mutator, s.tree, tree_shape);

  workload_phase(run, "set-up");
  const uint64_t modifications = (uint64_t)(p[RUNS] * p[MODIFICATIONS]);
  const uint64_t total = (uint64_t)p[NODES] + modifications;
  const uint64_t mask = workload_progress_mask(total);
  for (uint64_t i = 0; i < (uint64_t)p[NODES]; i++) {
    insert_new_node(run, &s);
    if ((i & mask) == 0) workload_progress(run, i, total);
  }

  workload_phase(run, "modify");
  for (uint64_t i = 0; i < modifications; i++) {
    const uint64_t start_ns = clock_now_ns();
    modify(run, &s);
    workload_request_done(run, start_ns);
    if ((i & mask) == 0) workload_progress(run, (uint64_t)p[NODES] + i, total);
  }

  workload_phase(run, "check");
  check_tree(run, &s);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_splay = {
    .name = "splay",
    .summary = "a large splay tree with heavy payloads, rearranged by every request",
    .source = "V8's and Octane's Splay (splay.js)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_splay,
};
