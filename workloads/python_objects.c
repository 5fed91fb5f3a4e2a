/*
 * python_objects: the objects that real Python programs make, in the same mix, with the same lifetimes.
 *
 * scripts/python-mix records programs made of Python's standard library and prints what they make: kinds of objects,
 * how many references they have, how long they live, which become cyclic garbage, and what references lead to.  The
 * table below is its output, with the command that gives it.  This workload makes objects in that mix: each birth draws
 * a kind, a number of references, and a lifetime, from the kind's row; what has come to the end of its life is dropped.
 * Lifetimes are in births, as recorded: alike from one of the recorded ages to the next on a logarithmic scale.
 *
 * Every reference of an object leads to something that is not dropped before it: a string or number, made for it or
 * old; a type, module or function of those that were there before; or another container that is to live longer.  So an
 * object lives exactly as long as was drawn for it, except in the share of births that become cyclic garbage as
 * recorded: these are small structures of the usual kinds, and `cyclic` makes them more frequent.
 *   closures     a function, its tuple of cells, and a cell that leads back to it;
 *   exceptions   an exception, its traceback, the frame, and the frame's variable that holds the exception;
 *   children     an object with a list of others that refer to it.
 *
 * What differs from CPython: a list is an object and an array of its own (workloads/list.h), a set is a dict and a dict
 * an object and a table (workloads/dict.h), a traceback has a frame, which the recording leaves out, strings and
 * numbers are objects like any other, and what is to live for 64 births or more is held by blocks of fifteen.
 * Attributes lie in the instance itself, as in 3.11.  Lists reach their length when they are made.  That old objects
 * change is not in the recording, and not here.
 */
#include "workloads/workload.h"

#include "workloads/dict.h"
#include "workloads/list.h"
#include "workloads/payload.h"

enum { BIRTHS, BASE, CYCLIC, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [BIRTHS] = {.name = "births",
                .unit = "objects",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 2500000,
                .small_value = 400,
                .large_value = 40000000,
                .minimum = 1,
                .maximum = 1000000000,
                .help = "objects of the mix that are born, use and die"},
    [BASE] =
        {.name = "base",
         .unit = "objects",
         .type = SETTING_INTEGER,
         .scale = SETTING_LOG,
         .default_value = 60000,
         .small_value = 60,
         .large_value = 500000,
         .minimum = 16,
         .maximum = 100000000,
         .help =
             "objects that are there before and to the end: modules, classes, functions (recorded programs: 15000)"},
    [CYCLIC] = {.name = "cyclic",
                .unit = "ratio",
                .type = SETTING_MILLI,
                .default_value = 1000,
                .small_value = 20000,
                .large_value = 1000,
                .minimum = 0,
                .maximum = 1000000,
                .help = "cyclic garbage, in relation to what was recorded"},
};

/* --- The mix --- */

enum kind {
  INSTANCE,
  TUPLE,
  LIST,
  DICT,
  SET,
  FUNCTION,
  CELL,
  METHOD,
  GENERATOR,
  EXCEPTION,
  TRACEBACK,
  ITERATOR,
  OTHER,
  KINDS
};

enum { QUANTILES = 6, AGES = 7 };

static const double quantiles[QUANTILES] = {0.10, 0.25, 0.50, 0.75, 0.90, 0.99};
static const uint32_t ages[AGES] = {1, 4, 16, 64, 256, 4096, 65536};

struct kind_row {
  uint16_t share;                 /* of births, in 1/10000 */
  uint16_t references[QUANTILES]; /* quantiles of how many references it has */
  uint16_t alive[AGES];           /* share that is alive at these ages, in births, in 1/1000 */
  uint16_t cyclic;                /* share of the dead that were cyclic garbage, in 1/10000 */
};

/* Output of the command, as it is. */
/* clang-format off */
/* CPython 3.11.7:
   scripts/python-mix --births 50000 --table ast tokenize json xml argparse unittest email asyncio re retry */
static const struct kind_row mix[KINDS] = {
    [INSTANCE] = {703, {1, 2, 2, 3, 7, 10}, {959, 739, 553, 391, 269, 74, 0}, 1177},
    [TUPLE] = {2562, {1, 2, 2, 3, 4, 5}, {693, 463, 349, 285, 203, 34, 1}, 61},
    [LIST] = {1624, {0, 0, 1, 2, 3, 54}, {689, 462, 365, 313, 231, 131, 0}, 73},
    [DICT] = {526, {1, 1, 4, 4, 6, 14}, {997, 816, 765, 737, 676, 384, 0}, 1361},
    [SET] = {43, {0, 0, 1, 1, 1, 3}, {999, 949, 862, 480, 184, 2, 0}, 0},
    [FUNCTION] = {175, {7, 7, 7, 8, 8, 9}, {991, 629, 286, 159, 72, 7, 0}, 35},
    [CELL] = {183, {1, 1, 1, 1, 1, 1}, {994, 981, 703, 611, 164, 12, 0}, 74},
    [METHOD] = {1105, {1, 1, 2, 2, 2, 2}, {825, 538, 287, 214, 167, 1, 0}, 784},
    [GENERATOR] = {489, {3, 3, 8, 9, 10, 19}, {872, 462, 166, 115, 62, 29, 0}, 0},
    [EXCEPTION] = {110, {2, 2, 3, 3, 4, 5}, {567, 404, 299, 226, 158, 1, 0}, 1311},
    [TRACEBACK] = {186, {1, 1, 1, 2, 2, 2}, {943, 624, 405, 281, 170, 1, 0}, 1349},
    [ITERATOR] = {1240, {1, 1, 1, 1, 1, 2}, {418, 241, 99, 54, 23, 0, 0}, 0},
    [OTHER] = {1053, {1, 3, 3, 3, 3, 6}, {449, 425, 411, 389, 367, 137, 3}, 3},
};
enum { TO_STRING = 28, TO_NUMBER = 20, TO_CODE = 10, NEW_STRINGS = 41, NEW_NUMBERS = 28, MEAN_STRING_BYTES = 21 };
/* 15882 objects were there before, on the average. */
/* clang-format on */

/*
 * --- What holds objects until they die ---
 * Timing wheels (Varghese and Lauck, 1987).  Wheel 0 has a row of places for each of the next 64 births.  Each of the
 * others has 64 slots of 16, 256 and 4096 births, whose objects are in a chain of blocks and are dropped when the slot
 * is over.  So lifetimes are kept to a quarter, most of them to far less.
 */

enum { WHEELS = 4, WHEEL_SLOTS = 64, ROW_PLACES = 4, BLOCK_PLACES = 15 };
enum { RING_FIELDS = WHEEL_SLOTS * ROW_PLACES, WHEELS_FIELDS = (WHEELS - 1) * WHEEL_SLOTS };
enum { BLOCK_LINK, BLOCK_FIRST, BLOCK_FIELDS = BLOCK_FIRST + BLOCK_PLACES };

/* Ages that a wheel can hold are below its slots; the longest lifetime of all follows. */
static const uint64_t slot_births[WHEELS] = {1, 16, 256, 4096};
enum { AGE_MAX = (WHEEL_SLOTS - 1) * 4096 };

/* What is known of an object beside the reference to it; holders have one for each place, as raw bytes. */
struct item {
  uint64_t birth;
  uint16_t kind;
  uint16_t fields; /* of those that are one object; length of a list, dict or set */
};

enum { STRINGS = 256, NUMBERS = 256, ATOMS = STRINGS + NUMBERS };

struct world {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *ring, *wheels; /* root slots: wheel 0; the chains of the others, with how full each first block is */
  gc_ref *base;          /* the objects that were there before, with an item each */
  gc_ref *atoms;         /* strings and numbers that many refer to; the strings are keys too */
  gc_ref *block;         /* the block that is being made */
  uint32_t base_length;
  uint64_t now;    /* births so far */
  uint64_t serial; /* of strings, for their text */
  uint32_t shares; /* of all kinds */
};

static struct item *ring_items(const struct world *w) { return gc_bytes(*w->ring, RING_FIELDS); }
static struct item *block_items(gc_ref block) { return gc_bytes(block, BLOCK_FIELDS); }
static uint8_t *chain_fill(const struct world *w) { return gc_bytes(*w->wheels, WHEELS_FIELDS); }

/* The wheel for something that is to live for so long. */
static uint32_t wheel_of_age(uint64_t age)
{
  uint32_t wheel = 0;
  while (wheel < WHEELS - 1 && age > (WHEEL_SLOTS - 1) * slot_births[wheel]) wheel++;
  return wheel;
}

/* Which chain of wheel 1 and above has what dies then. */
static uint32_t chain_of(uint32_t wheel, uint64_t death)
{
  return (wheel - 1) * WHEEL_SLOTS + (uint32_t)(death / slot_births[wheel] % WHEEL_SLOTS);
}

/* Puts the object (a root slot) into a free place of the row of its death, or of a later one; false: all are taken. */
static bool hold_in_ring(const struct world *w, const gc_ref *object, struct item item, uint64_t death)
{
  for (; death < w->now + WHEEL_SLOTS; death++) {
    const uint32_t row = (uint32_t)(death % WHEEL_SLOTS) * ROW_PLACES;
    for (uint32_t place = row; place < row + ROW_PLACES; place++) {
      if (gc_load(w->mutator, *w->ring, place) != NULL) continue;
      ring_items(w)[place] = item;
      gc_store(w->mutator, *w->ring, place, *object);
      return true;
    }
  }
  return false;
}

static void hold_in_chain(const struct world *w, const gc_ref *object, struct item item, uint32_t chain)
{
  struct gc_mutator *mutator = w->mutator;
  if (gc_load(mutator, *w->wheels, chain) == NULL || chain_fill(w)[chain] == BLOCK_PLACES) {
    gc_new(mutator, w->block,
           (struct gc_shape){.fields = BLOCK_FIELDS, .bytes = BLOCK_PLACES * sizeof(struct item), .kind = GC_LIST});
    gc_store(mutator, *w->block, BLOCK_LINK, gc_load(mutator, *w->wheels, chain));
    gc_store(mutator, *w->wheels, chain, *w->block);
    gc_root(mutator, w->block, NULL);
    chain_fill(w)[chain] = 0;
  }
  const uint32_t place = chain_fill(w)[chain]++;
  const gc_ref block = gc_load(mutator, *w->wheels, chain);
  block_items(block)[place] = item;
  gc_store(mutator, block, BLOCK_FIRST + place, *object);
}

/* Holds the object until its death; not at all, where that is now. */
static void hold(const struct world *w, const gc_ref *object, struct item item, uint64_t death)
{
  uint64_t age = death - w->now;
  if (age == 0) return;
  if (age < WHEEL_SLOTS) {
    if (hold_in_ring(w, object, item, death)) return;
    age = WHEEL_SLOTS;
  }
  hold_in_chain(w, object, item, chain_of(wheel_of_age(age), w->now + age));
}

/* An object that is not dropped before `death`, or NULL where the place that was tried is empty.  No safepoint. */
static gc_ref pick_longer_lived(const struct world *w, uint64_t death)
{
  struct random *random = &w->run->random;
  const uint32_t first = wheel_of_age(death - w->now);
  const uint32_t wheel = first + random_below(random, WHEELS - first);
  const uint64_t from = death / slot_births[wheel] + (wheel > 0);
  const uint64_t to = w->now / slot_births[wheel] + WHEEL_SLOTS;
  if (from >= to) return NULL;
  const uint64_t slot = from + random_below(random, (uint32_t)(to - from));
  if (wheel == 0) {
    const uint32_t place = (uint32_t)(slot % WHEEL_SLOTS) * ROW_PLACES + random_below(random, ROW_PLACES);
    return gc_load(w->mutator, *w->ring, place);
  }
  const uint32_t chain = chain_of(wheel, slot * slot_births[wheel]);
  const gc_ref block = gc_load(w->mutator, *w->wheels, chain);
  if (block == NULL) return NULL;
  return gc_load(w->mutator, block, BLOCK_FIRST + random_below(random, chain_fill(w)[chain]));
}

/* --- Reading back what is about to be dropped.  No safepoint. --- */

static uint64_t digest_object(const struct world *w, gc_ref object, struct item item)
{
  uint64_t digest = item.birth * 31 + item.kind;
  if (item.kind == LIST) return digest * 31 + list_length(object);
  if (item.kind == DICT || item.kind == SET) {
    const uint32_t length = dict_length(object);
    const uint32_t last = length == 0 ? 0 : string_data(dict_key(w->mutator, object, length - 1))->hash;
    return (digest * 31 + length) * 31 + last;
  }
  uint32_t references = 0;
  for (uint32_t i = 0; i < item.fields; i++) references += gc_load(w->mutator, object, i) != NULL;
  return (digest * 31 + references) * 31 + payload_digest(gc_bytes(object, item.fields), PAYLOAD_STAMP_BYTES);
}

static void read_object(const struct world *w, gc_ref object, struct item item)
{
  workload_checksum(w->run, digest_object(w, object, item));
}

static void drop_row(const struct world *w, uint32_t row)
{
  for (uint32_t place = row * ROW_PLACES; place < (row + 1) * ROW_PLACES; place++) {
    const gc_ref object = gc_load(w->mutator, *w->ring, place);
    if (object == NULL) continue;
    read_object(w, object, ring_items(w)[place]);
    gc_store(w->mutator, *w->ring, place, NULL);
  }
}

static void drop_chain(const struct world *w, uint32_t chain)
{
  uint32_t places = chain_fill(w)[chain];
  gc_ref block = gc_load(w->mutator, *w->wheels, chain);
  for (; block != NULL; block = gc_load(w->mutator, block, BLOCK_LINK), places = BLOCK_PLACES) {
    for (uint32_t i = 0; i < places; i++)
      read_object(w, gc_load(w->mutator, block, BLOCK_FIRST + i), block_items(block)[i]);
  }
  gc_store(w->mutator, *w->wheels, chain, NULL);
}

/* Drops what is to die now: a row, and slots that are over. */
static void drop_due(const struct world *w)
{
  drop_row(w, (uint32_t)(w->now % WHEEL_SLOTS));
  for (uint32_t wheel = 1; wheel < WHEELS; wheel++) {
    if (w->now % slot_births[wheel] != 0 || w->now < slot_births[wheel]) continue;
    drop_chain(w, chain_of(wheel, w->now - slot_births[wheel]));
  }
}

/* --- Making objects.  death: when what is made will be dropped. --- */

static bool percent(const struct world *w, uint32_t share) { return random_below(&w->run->random, 100) < share; }

static void make_string(struct world *w, gc_ref *slot)
{
  const uint32_t length = 1 + random_below(&w->run->random, 2 * MEAN_STRING_BYTES - 1);
  string_new(w->mutator, slot, length);
  uint64_t state = w->serial++;
  char *text = string_data(*slot)->text;
  for (uint32_t i = 0; i < length; i++) text[i] = (char)('a' + random_mix64(&state) % 26);
  string_seal(*slot);
}

static void make_number(struct world *w, gc_ref *slot)
{
  gc_new(w->mutator, slot, (struct gc_shape){.bytes = sizeof(int64_t), .kind = GC_ATOM});
  *(int64_t *)gc_bytes(*slot, 0) = (int64_t)w->now;
}

static void pick_atom(const struct world *w, uint32_t first, uint32_t count, gc_ref *slot)
{
  gc_root(w->mutator, slot, gc_load(w->mutator, *w->atoms, first + random_below(&w->run->random, count)));
}

/* A type, module or function, say; a string, as long as there are none. */
static void pick_base(const struct world *w, gc_ref *slot)
{
  if (w->base_length == 0)
    pick_atom(w, 0, STRINGS, slot);
  else
    gc_root(w->mutator, slot, gc_load(w->mutator, *w->base, random_below(&w->run->random, w->base_length)));
}

static void pick_container(const struct world *w, uint64_t death, gc_ref *slot)
{
  enum { ATTEMPTS = 4 };
  gc_ref target = NULL;
  for (int i = 0; i < ATTEMPTS && target == NULL; i++) target = pick_longer_lived(w, death);
  if (target == NULL)
    pick_base(w, slot);
  else
    gc_root(w->mutator, slot, target);
}

/* Puts what a reference may lead to into the slot. */
static void draw_target(struct world *w, uint64_t death, gc_ref *slot)
{
  const uint32_t roll = random_below(&w->run->random, 100);
  if (roll < TO_STRING) {
    if (percent(w, NEW_STRINGS))
      make_string(w, slot);
    else
      pick_atom(w, 0, STRINGS, slot);
  } else if (roll < TO_STRING + TO_NUMBER) {
    if (percent(w, NEW_NUMBERS))
      make_number(w, slot);
    else
      pick_atom(w, STRINGS, NUMBERS, slot);
  } else if (roll < TO_STRING + TO_NUMBER + TO_CODE) {
    pick_base(w, slot);
  } else {
    pick_container(w, death, slot);
  }
}

/* One object: fields, all of them set, and a stamp. */
static void make_plain(struct world *w, enum kind kind, uint32_t fields, uint64_t death, gc_ref *slot)
{
  GC_FRAME(frame, 1);
  gc_push(w->mutator, &frame.frame);
  gc_new(w->mutator, slot,
         (struct gc_shape){
             .fields = fields, .bytes = PAYLOAD_STAMP_BYTES, .kind = kind == TUPLE ? GC_TUPLE : GC_INSTANCE});
  payload_fill(gc_bytes(*slot, fields), PAYLOAD_STAMP_BYTES, w->now);
  for (uint32_t i = 0; i < fields; i++) {
    draw_target(w, death, &frame.slot[0]);
    gc_store(w->mutator, *slot, i, frame.slot[0]);
  }
  gc_pop(w->mutator, &frame.frame);
}

static void make_list(struct world *w, uint32_t length, uint64_t death, gc_ref *slot)
{
  GC_FRAME(frame, 1);
  gc_push(w->mutator, &frame.frame);
  list_new(w->mutator, slot);
  for (uint32_t i = 0; i < length; i++) {
    draw_target(w, death, &frame.slot[0]);
    list_append(w->mutator, slot, &frame.slot[0]);
  }
  gc_pop(w->mutator, &frame.frame);
}

/* No key is drawn twice, because steps through the strings are odd.  A set's values are NULL. */
static void make_dict(struct world *w, enum kind kind, uint32_t length, uint64_t death, gc_ref *slot)
{
  const uint32_t start = random_below(&w->run->random, STRINGS);
  const uint32_t step = 2 * random_below(&w->run->random, STRINGS / 2) + 1;
  enum { KEY, VALUE, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(w->mutator, &frame.frame);
  dict_new(w->mutator, slot);
  for (uint32_t i = 0; i < length; i++) {
    gc_root(w->mutator, &frame.slot[KEY], gc_load(w->mutator, *w->atoms, (start + i * step) % STRINGS));
    if (kind == DICT) draw_target(w, death, &frame.slot[VALUE]);
    dict_put(w->mutator, slot, &frame.slot[KEY], &frame.slot[VALUE], 0);
  }
  gc_pop(w->mutator, &frame.frame);
}

enum { FUNCTION_FIELDS = 8, EXCEPTION_FIELDS = 3, FRAME_FIELDS = 4, PARENT_FIELDS = 3, CHILD_FIELDS = 2, CHILDREN = 3 };

static void make_frame(struct world *w, uint64_t death, gc_ref *slot)
{
  make_plain(w, OTHER, FRAME_FIELDS, death, slot);
}

/* The last field of one object leads to another; both are root slots. */
static void link_last(const struct world *w, const gc_ref *object, uint32_t fields, const gc_ref *to)
{
  gc_store(w->mutator, *object, fields - 1, *to);
}

static void make_closure(struct world *w, uint64_t death, gc_ref *function)
{
  enum { CELL_SLOT, CELLS, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(w->mutator, &frame.frame);
  make_plain(w, FUNCTION, FUNCTION_FIELDS, death, function);
  make_plain(w, CELL, 1, death, &frame.slot[CELL_SLOT]);
  make_plain(w, TUPLE, 1, death, &frame.slot[CELLS]);
  link_last(w, &frame.slot[CELL_SLOT], 1, function);
  link_last(w, &frame.slot[CELLS], 1, &frame.slot[CELL_SLOT]);
  link_last(w, function, FUNCTION_FIELDS, &frame.slot[CELLS]);
  gc_pop(w->mutator, &frame.frame);
}

static void make_raised(struct world *w, uint64_t death, gc_ref *exception)
{
  enum { TRACEBACK_SLOT, FRAME_SLOT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(w->mutator, &frame.frame);
  make_plain(w, EXCEPTION, EXCEPTION_FIELDS, death, exception);
  make_plain(w, TRACEBACK, 1, death, &frame.slot[TRACEBACK_SLOT]);
  make_frame(w, death, &frame.slot[FRAME_SLOT]);
  link_last(w, &frame.slot[FRAME_SLOT], FRAME_FIELDS, exception);
  link_last(w, &frame.slot[TRACEBACK_SLOT], 1, &frame.slot[FRAME_SLOT]);
  link_last(w, exception, EXCEPTION_FIELDS, &frame.slot[TRACEBACK_SLOT]);
  gc_pop(w->mutator, &frame.frame);
}

static void make_parent(struct world *w, uint64_t death, gc_ref *parent)
{
  enum { CHILDREN_SLOT, CHILD, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(w->mutator, &frame.frame);
  make_plain(w, INSTANCE, PARENT_FIELDS, death, parent);
  list_new(w->mutator, &frame.slot[CHILDREN_SLOT]);
  for (int i = 0; i < CHILDREN; i++) {
    make_plain(w, INSTANCE, CHILD_FIELDS, death, &frame.slot[CHILD]);
    link_last(w, &frame.slot[CHILD], CHILD_FIELDS, parent);
    list_append(w->mutator, &frame.slot[CHILDREN_SLOT], &frame.slot[CHILD]);
  }
  link_last(w, parent, PARENT_FIELDS, &frame.slot[CHILDREN_SLOT]);
  gc_pop(w->mutator, &frame.frame);
}

/* Objects in the structure that make_cyclic makes for a birth of this kind: children and their list, or three. */
static uint32_t count_cyclic(enum kind kind)
{
  const bool has_children =
      kind == INSTANCE || kind == LIST || kind == DICT || kind == SET || kind == ITERATOR || kind == OTHER;
  return has_children ? 2 + CHILDREN : 3;
}

/* Makes what becomes cyclic garbage instead of an object of this kind.  Returns what was made, for its item. */
static struct item make_cyclic(struct world *w, enum kind kind, uint64_t death, gc_ref *slot)
{
  switch (kind) {
  case TUPLE:
  case FUNCTION:
  case CELL:
  case METHOD:
  case GENERATOR:
    make_closure(w, death, slot);
    return (struct item){w->now, FUNCTION, FUNCTION_FIELDS};
  case EXCEPTION:
  case TRACEBACK:
    make_raised(w, death, slot);
    return (struct item){w->now, EXCEPTION, EXCEPTION_FIELDS};
  default:
    make_parent(w, death, slot);
    return (struct item){w->now, INSTANCE, PARENT_FIELDS};
  }
}

/* A traceback's last reference leads to its frame.  Instances and exceptions refer to their class too. */
static struct item make_acyclic(struct world *w, enum kind kind, uint32_t references, uint64_t death, gc_ref *slot)
{
  const bool has_class = kind == INSTANCE || kind == EXCEPTION;
  const uint32_t fields = references + has_class;
  GC_FRAME(frame, 1);
  gc_push(w->mutator, &frame.frame);
  switch (kind) {
  case LIST:
    make_list(w, references, death, slot);
    break;
  case DICT:
  case SET:
    make_dict(w, kind, references, death, slot);
    break;
  default:
    make_plain(w, kind, fields, death, slot);
  }
  if (has_class) {
    pick_base(w, &frame.slot[0]);
    gc_store(w->mutator, *slot, 0, frame.slot[0]);
  }
  if (kind == TRACEBACK && fields > 0) {
    make_frame(w, death, &frame.slot[0]);
    link_last(w, slot, fields, &frame.slot[0]);
  }
  gc_pop(w->mutator, &frame.frame);
  return (struct item){w->now, (uint16_t)kind, (uint16_t)fields};
}

/* --- Drawing from the mix --- */

static enum kind draw_kind(const struct world *w)
{
  uint32_t left = random_below(&w->run->random, w->shares);
  for (uint32_t kind = 0;; kind++) {
    if (left < mix[kind].share) return kind;
    left -= mix[kind].share;
  }
}

/* Alike between one quantile and the next; the last is the most that there is. */
static uint32_t draw_references(const struct world *w, const struct kind_row *row)
{
  const double roll = random_unit(&w->run->random);
  uint32_t i = 0;
  while (i < QUANTILES && roll >= quantiles[i]) i++;
  const uint32_t from = row->references[i == 0 ? 0 : i - 1];
  const uint32_t to = row->references[i < QUANTILES ? i : QUANTILES - 1];
  const uint32_t references = from + random_below(&w->run->random, to - from + 1);
  return references < STRINGS ? references : STRINGS;
}

/* Between one age and the next each doubling is as likely; without the mathematical library, whose last bits vary. */
static uint64_t draw_lifetime(const struct world *w, const struct kind_row *row)
{
  struct random *random = &w->run->random;
  const uint32_t roll = random_below(random, 1000);
  uint32_t i = 0;
  while (i < AGES && roll < row->alive[i]) i++;
  if (i == 0) return 0;
  const uint64_t end = i < AGES ? ages[i] : AGE_MAX;
  uint32_t doublings = 0;
  while (ages[i - 1] << (doublings + 1) <= end) doublings++;
  const uint32_t from = ages[i - 1] << random_below(random, doublings);
  return from + random_below(random, from);
}

/* Makes the next object into the slot, to be dropped at `death`.  The share of cyclic garbage is of objects. */
static struct item make_next(struct world *w, enum kind kind, uint64_t death, gc_ref *slot)
{
  const uint64_t cyclic = mix[kind].cyclic * (uint64_t)w->run->parameters[CYCLIC] / 1000;
  if (random_below(&w->run->random, 10000 * count_cyclic(kind)) < cyclic) return make_cyclic(w, kind, death, slot);
  return make_acyclic(w, kind, draw_references(w, &mix[kind]), death, slot);
}

/* --- The program --- */

static void make_atoms(struct world *w, gc_ref *value)
{
  gc_new(w->mutator, w->atoms, (struct gc_shape){.fields = ATOMS, .kind = GC_LIST});
  for (uint32_t i = 0; i < ATOMS; i++) {
    if (i < STRINGS)
      make_string(w, value);
    else
      make_number(w, value);
    gc_store(w->mutator, *w->atoms, i, *value);
  }
}

static void make_base(struct world *w, gc_ref *object)
{
  const uint32_t length = (uint32_t)w->run->parameters[BASE];
  const struct gc_shape shape = {.fields = length, .bytes = length * (uint32_t)sizeof(struct item), .kind = GC_LIST};
  gc_new(w->mutator, w->base, shape);
  for (uint32_t i = 0; i < length; i++) {
    const struct item item = make_next(w, draw_kind(w), w->now, object);
    ((struct item *)gc_bytes(*w->base, length))[i] = item;
    gc_store(w->mutator, *w->base, i, *object);
    w->base_length = i + 1;
  }
}

static void live(struct world *w, gc_ref *object)
{
  const uint64_t births = (uint64_t)w->run->parameters[BIRTHS];
  const uint64_t mask = workload_progress_mask(births);
  for (w->now = 0; w->now < births; w->now++) {
    drop_due(w);
    const enum kind kind = draw_kind(w);
    const uint64_t death = w->now + draw_lifetime(w, &mix[kind]);
    const struct item item = make_next(w, kind, death, object);
    hold(w, object, item, death);
    if ((w->now & mask) == 0) workload_progress(w->run, w->now, births);
  }
  gc_root(w->mutator, object, NULL);
}

static void drop_all(const struct world *w)
{
  for (uint32_t row = 0; row < WHEEL_SLOTS; row++) drop_row(w, row);
  for (uint32_t chain = 0; chain < WHEELS_FIELDS; chain++) drop_chain(w, chain);
  const struct item *items = gc_bytes(*w->base, w->base_length);
  for (uint32_t i = 0; i < w->base_length; i++) read_object(w, gc_load(w->mutator, *w->base, i), items[i]);
}

static void run_python_objects(struct workload_run *run)
{
  enum { RING, WHEELS_SLOT, BASE_SLOT, ATOMS_SLOT, BLOCK, OBJECT, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  gc_ref *const slot = frame.slot;
  struct world w = {.run = run,
                    .mutator = run->mutator,
                    .ring = &slot[RING],
                    .wheels = &slot[WHEELS_SLOT],
                    .base = &slot[BASE_SLOT],
                    .atoms = &slot[ATOMS_SLOT],
                    .block = &slot[BLOCK],
                    .serial = random_u64(&run->random)};
  for (uint32_t kind = 0; kind < KINDS; kind++) w.shares += mix[kind].share;

  workload_phase(run, "import");
  gc_new(run->mutator, w.ring,
         (struct gc_shape){.fields = RING_FIELDS, .bytes = RING_FIELDS * sizeof(struct item), .kind = GC_LIST});
  gc_new(run->mutator, w.wheels, (struct gc_shape){.fields = WHEELS_FIELDS, .bytes = WHEELS_FIELDS, .kind = GC_LIST});
  make_atoms(&w, &slot[OBJECT]);
  make_base(&w, &slot[OBJECT]);

  workload_phase(run, "live");
  live(&w, &slot[OBJECT]);

  workload_phase(run, "check");
  drop_all(&w);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

const struct workload workload_python_objects = {
    .name = "python_objects",
    .summary = "what real Python programs make: kinds, sizes and lifetimes as recorded",
    .source = "gclab; CPython 3.11 running programs of its standard library (scripts/python-mix)",
    .makes_cycles = true,
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .run = run_python_objects,
};
