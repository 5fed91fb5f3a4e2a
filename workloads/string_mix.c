/*
 * string_mix: strings of 16 bytes to 4 MiB, made of each other, and words that are counted.
 *
 * Raw bytes in all sizes, so that size classes, large objects and whatever lies between them are in use at once: 90 %
 * of the strings have 16 to 128 bytes, 9 % 1 to 8 KiB and 1 % 64 KiB to 4 MiB, each logarithmically spread.  After
 * GCBenchmarks' strings (JuliaCI), random words over the letters ACTG are counted, each a string that is garbage if it
 * was there before.  Here
 *   words      (small) are every other time one of a vocabulary, in which the word of rank k comes about 1/k as often
 *              as the first (Zipf's law), and else a piece cut out of a text;
 *   texts      (medium) are words of the table joined; the last `texts` are kept;
 *   documents  (large) are texts joined; the last `documents` are kept.
 * Words are looked up in a hash table by what they say.  A new one is entered with a count of 1.  After every `window`
 * words the table is pruned as in lossy counting (Manku and Motwani, 2002): entries go whose count and error do not
 * exceed the number of windows so far.  So there are strings that die at once, words that live for a window or for
 * ever, and texts and documents that die first in, first out.
 */
#include "workloads/workload.h"

#include <stdio.h>
#include <string.h>

#include "workloads/payload.h"

enum { STRINGS, MEDIUM, LARGE, LARGEST, VOCABULARY, WINDOW, TEXTS, DOCUMENTS, PARAMETERS };

static const struct setting parameters[PARAMETERS] = {
    [STRINGS] = {.name = "strings",
                 .unit = "strings",
                 .type = SETTING_INTEGER,
                 .scale = SETTING_LOG,
                 .default_value = 40000,
                 .small_value = 400,
                 .large_value = 500000,
                 .minimum = 1,
                 .maximum = 1000000000,
                 .help = "strings made in all"},
    [MEDIUM] = {.name = "medium",
                .unit = "permille",
                .type = SETTING_INTEGER,
                .default_value = 90,
                .small_value = 90,
                .large_value = 90,
                .minimum = 0,
                .maximum = 1000,
                .help = "share of strings from 1/4096 to 1/512 of the largest size: 1 to 8 KiB"},
    [LARGE] = {.name = "large",
               .unit = "permille",
               .type = SETTING_INTEGER,
               .default_value = 10,
               .small_value = 10,
               .large_value = 10,
               .minimum = 0,
               .maximum = 1000,
               .help = "share of strings from 1/64 of the largest size up: 64 KiB to 4 MiB"},
    [LARGEST] = {.name = "largest",
                 .unit = "bytes",
                 .type = SETTING_BYTES,
                 .scale = SETTING_LOG,
                 .default_value = 4 << 20,
                 .small_value = 64 << 10,
                 .large_value = 4 << 20,
                 .minimum = 64 << 10,
                 .maximum = 1 << 30,
                 .help = "size of the largest strings; small ones have 16 to 128 bytes"},
    [VOCABULARY] = {.name = "vocabulary",
                    .unit = "words",
                    .type = SETTING_INTEGER,
                    .scale = SETTING_LOG,
                    .default_value = 16384,
                    .small_value = 64,
                    .large_value = 65536,
                    .minimum = 1,
                    .maximum = 100000000,
                    .help = "words that come again and again"},
    [WINDOW] = {.name = "window",
                .unit = "words",
                .type = SETTING_INTEGER,
                .scale = SETTING_LOG,
                .default_value = 10000,
                .small_value = 50,
                .large_value = 50000,
                .minimum = 1,
                .maximum = 1000000000,
                .help = "words between two prunings of the table"},
    [TEXTS] = {.name = "texts",
               .unit = "strings",
               .type = SETTING_INTEGER,
               .scale = SETTING_LOG,
               .default_value = 512,
               .small_value = 8,
               .large_value = 4096,
               .minimum = 1,
               .maximum = 10000000,
               .help = "medium strings that are kept"},
    [DOCUMENTS] = {.name = "documents",
                   .unit = "strings",
                   .type = SETTING_INTEGER,
                   .scale = SETTING_LOG,
                   .default_value = 16,
                   .small_value = 2,
                   .large_value = 64,
                   .minimum = 1,
                   .maximum = 1000000,
                   .help = "large strings that are kept"},
};

/* Sizes are spread over so many doublings; the least medium or large size is so much of the largest. */
enum { SMALL_LEAST = 16, SMALL_DOUBLINGS = 3, MEDIUM_SHIFT = 12, MEDIUM_DOUBLINGS = 3, LARGE_DOUBLINGS = 6 };

/* A string is an atom: its length, then its letters. */
struct text {
  uint64_t length;
  char letters[];
};

struct entry_data {
  uint64_t hash, count, error; /* error: windows that had passed when the word was entered */
};

enum { ENTRY_NEXT, ENTRY_WORD, ENTRY_FIELDS };

static const struct gc_shape entry_shape = {
    .fields = ENTRY_FIELDS, .bytes = sizeof(struct entry_data), .kind = GC_INSTANCE};

/* The last so many of a sort of strings. */
struct ring {
  gc_ref *list; /* root slot */
  uint32_t capacity;
  uint64_t made;
};

struct mix {
  struct workload_run *run;
  struct gc_mutator *mutator;
  gc_ref *table, *string, *entry; /* root slots */
  struct ring texts, documents;
  uint32_t chains; /* a power of two */
  uint64_t entries, words, windows;
  uint64_t salt;
};

static struct text *text_of(gc_ref string) { return gc_bytes(string, 0); }

static struct entry_data *entry_data(gc_ref entry) { return gc_bytes(entry, ENTRY_FIELDS); }

/* Log-uniform, by doublings: from least to least * 2^doublings, which it never is. */
static uint64_t random_spread(struct random *random, uint64_t least, int doublings)
{
  const uint64_t low = least << random_below(random, (uint32_t)doublings);
  return low + random_below(random, (uint32_t)low);
}

/* Makes a string of blanks. */
static struct text *make_string(const struct mix *m, uint64_t length)
{
  const uint64_t bytes = sizeof(struct text) + length;
  gc_new(m->mutator, m->string, (struct gc_shape){.bytes = (uint32_t)bytes, .kind = GC_ATOM});
  struct text *text = text_of(*m->string);
  text->length = length;
  return text;
}

static void read_string(const struct mix *m, gc_ref string)
{
  const struct text *text = text_of(string);
  workload_checksum(m->run, payload_digest(text, sizeof *text + text->length));
}

/* Puts the new string into the place of the oldest. */
static void ring_put(const struct mix *m, struct ring *ring)
{
  const uint32_t place = (uint32_t)(ring->made++ % ring->capacity);
  const gc_ref oldest = gc_load(m->mutator, *ring->list, place);
  if (oldest != NULL) read_string(m, oldest);
  gc_store(m->mutator, *ring->list, place, *m->string);
}

/* The place of a string that is kept; there is one. */
static uint32_t ring_random_place(const struct mix *m, const struct ring *ring)
{
  return random_below(&m->run->random, (uint32_t)(ring->made < ring->capacity ? ring->made : ring->capacity));
}

static const struct text *ring_text(const struct mix *m, const struct ring *ring, uint32_t place)
{
  return text_of(gc_load(m->mutator, *ring->list, place));
}

/* --- words --- */

/* The word of a rank, which decides how long it is and all its letters. */
static void spell_word(const struct mix *m, uint64_t rank)
{
  struct random random;
  random_seed(&random, m->salt + rank);
  struct text *text = make_string(m, random_spread(&random, SMALL_LEAST, SMALL_DOUBLINGS));
  uint64_t bits = 0;
  for (uint64_t i = 0; i < text->length; i++, bits >>= 2) {
    if (i % 32 == 0) bits = random_u64(&random);
    text->letters[i] = "ACTG"[bits & 3];
  }
}

static void spell_random_word(const struct mix *m)
{
  const uint64_t vocabulary = (uint64_t)m->run->parameters[VOCABULARY];
  int doublings = 1;
  while (UINT64_C(1) << doublings <= vocabulary) doublings++;
  uint64_t rank = 0;
  do rank = random_spread(&m->run->random, 1, doublings);
  while (rank > vocabulary);
  spell_word(m, rank);
}

/* A piece of a text that is kept, or all of it. */
static void cut_word(const struct mix *m)
{
  struct random *random = &m->run->random;
  const uint32_t place = ring_random_place(m, &m->texts);
  const uint64_t whole = ring_text(m, &m->texts, place)->length;
  const uint64_t wanted = random_spread(random, SMALL_LEAST, SMALL_DOUBLINGS);
  const uint64_t length = wanted < whole ? wanted : whole;
  const uint64_t start = random_below(random, (uint32_t)(whole - length + 1));
  struct text *word = make_string(m, length);
  memcpy(word->letters, ring_text(m, &m->texts, place)->letters + start, length);
}

static uint64_t hash_text(const struct text *text)
{
  uint64_t state = payload_digest(text->letters, text->length);
  return random_mix64(&state);
}

static uint32_t table_chain(const struct mix *m, uint64_t hash) { return (uint32_t)hash & (m->chains - 1); }

static gc_ref table_find(const struct mix *m, const struct text *text, uint64_t hash)
{
  gc_ref entry = gc_load(m->mutator, *m->table, table_chain(m, hash));
  for (; entry != NULL; entry = gc_load(m->mutator, entry, ENTRY_NEXT)) {
    const struct text *word = text_of(gc_load(m->mutator, entry, ENTRY_WORD));
    if (entry_data(entry)->hash == hash && word->length == text->length &&
        memcmp(word->letters, text->letters, text->length) == 0)
      break;
  }
  return entry;
}

/* Enters the new string, which is not in the table. */
static void table_enter(struct mix *m, uint64_t hash)
{
  struct gc_mutator *mutator = m->mutator;
  const uint32_t chain = table_chain(m, hash);
  gc_new(mutator, m->entry, entry_shape);
  *entry_data(*m->entry) = (struct entry_data){.hash = hash, .count = 1, .error = m->windows};
  gc_store(mutator, *m->entry, ENTRY_WORD, *m->string);
  gc_store(mutator, *m->entry, ENTRY_NEXT, gc_load(mutator, *m->table, chain));
  gc_store(mutator, *m->table, chain, *m->entry);
  m->entries++;
}

/* Takes the rare words out of a chain. */
static void table_prune_chain(struct mix *m, uint32_t chain)
{
  struct gc_mutator *mutator = m->mutator;
  gc_root(mutator, m->entry, NULL); /* the last that stays */
  for (;;) {
    const gc_ref holder = *m->entry == NULL ? *m->table : *m->entry;
    const uint32_t field = *m->entry == NULL ? chain : ENTRY_NEXT;
    const gc_ref next = gc_load(mutator, holder, field);
    if (next == NULL) break;
    if (entry_data(next)->count + entry_data(next)->error > m->windows) {
      gc_root(mutator, m->entry, next);
      continue;
    }
    workload_checksum(m->run, entry_data(next)->hash);
    gc_store(mutator, holder, field, gc_load(mutator, next, ENTRY_NEXT));
    m->entries--;
  }
}

/* The new string is counted, and garbage if it was in the table. */
static void count_word(struct mix *m)
{
  const struct text *text = text_of(*m->string);
  const uint64_t hash = hash_text(text);
  const gc_ref entry = table_find(m, text, hash);
  if (entry != NULL)
    entry_data(entry)->count++;
  else
    table_enter(m, hash);
  if (++m->words % (uint64_t)m->run->parameters[WINDOW] != 0) return;
  m->windows++;
  for (uint32_t chain = 0; chain < m->chains; chain++) table_prune_chain(m, chain);
}

/* --- texts and documents --- */

/* Appends as much of a piece as there is room for; the new length. */
static uint64_t append(struct text *text, uint64_t length, const struct text *piece)
{
  const uint64_t room = text->length - length;
  const uint64_t count = piece->length < room ? piece->length : room;
  memcpy(text->letters + length, piece->letters, count);
  return length + count;
}

/*
 * A text of the words in the table, from a chain at random on; blank while there are none.  One safepoint, the first.
 */
static void join_words(const struct mix *m, uint64_t bytes)
{
  struct text *text = make_string(m, bytes);
  if (m->entries == 0) return;
  uint32_t chain = random_below(&m->run->random, m->chains);
  for (uint64_t length = 0; length < bytes; chain = (chain + 1) & (m->chains - 1)) {
    gc_ref entry = gc_load(m->mutator, *m->table, chain);
    for (; entry != NULL && length < bytes; entry = gc_load(m->mutator, entry, ENTRY_NEXT))
      length = append(text, length, text_of(gc_load(m->mutator, entry, ENTRY_WORD)));
  }
}

/* A document of texts, of which there is one at least.  One safepoint, the first. */
static void join_texts(const struct mix *m, uint64_t bytes)
{
  struct text *document = make_string(m, bytes);
  for (uint64_t length = 0; length < bytes;)
    length = append(document, length, ring_text(m, &m->texts, ring_random_place(m, &m->texts)));
}

/* --- the mix --- */

static void make_one(struct mix *m)
{
  const int64_t *p = m->run->parameters;
  struct random *random = &m->run->random;
  const uint64_t largest = (uint64_t)p[LARGEST];
  const int64_t sort = random_below(random, 1000);
  const bool any_text = m->texts.made > 0;
  if (sort < p[LARGE] && any_text) {
    join_texts(m, random_spread(random, largest >> LARGE_DOUBLINGS, LARGE_DOUBLINGS));
    ring_put(m, &m->documents);
  } else if (sort < p[LARGE] + p[MEDIUM]) {
    join_words(m, random_spread(random, largest >> MEDIUM_SHIFT, MEDIUM_DOUBLINGS));
    ring_put(m, &m->texts);
  } else {
    if (any_text && random_below(random, 2) == 0)
      cut_word(m);
    else
      spell_random_word(m);
    count_word(m);
  }
}

static void make_holders(struct mix *m)
{
  gc_new(m->mutator, m->table, (struct gc_shape){.fields = m->chains, .kind = GC_LIST});
  gc_new(m->mutator, m->texts.list, (struct gc_shape){.fields = m->texts.capacity, .kind = GC_LIST});
  gc_new(m->mutator, m->documents.list, (struct gc_shape){.fields = m->documents.capacity, .kind = GC_LIST});
}

static void read_ring(const struct mix *m, const struct ring *ring)
{
  for (uint32_t place = 0; place < ring->capacity && place < ring->made; place++)
    read_string(m, gc_load(m->mutator, *ring->list, place));
}

static void read_all(const struct mix *m)
{
  for (uint32_t chain = 0; chain < m->chains; chain++) {
    gc_ref entry = gc_load(m->mutator, *m->table, chain);
    for (; entry != NULL; entry = gc_load(m->mutator, entry, ENTRY_NEXT)) {
      read_string(m, gc_load(m->mutator, entry, ENTRY_WORD));
      workload_checksum(m->run, entry_data(entry)->count);
    }
  }
  read_ring(m, &m->texts);
  read_ring(m, &m->documents);
}

static void run_string_mix(struct workload_run *run)
{
  const int64_t *p = run->parameters;
  enum { TABLE, STRING, ENTRY, TEXT_RING, DOCUMENT_RING, SLOTS };
  GC_FRAME(frame, SLOTS);
  gc_push(run->mutator, &frame.frame);
  struct mix m = {.run = run,
                  .mutator = run->mutator,
                  .table = &frame.slot[TABLE],
                  .string = &frame.slot[STRING],
                  .entry = &frame.slot[ENTRY],
                  .texts = {.list = &frame.slot[TEXT_RING], .capacity = (uint32_t)p[TEXTS]},
                  .documents = {.list = &frame.slot[DOCUMENT_RING], .capacity = (uint32_t)p[DOCUMENTS]},
                  .chains = 1,
                  .salt = random_u64(&run->random)};
  while (m.chains < (uint64_t)p[VOCABULARY]) m.chains *= 2;
  const uint64_t strings = (uint64_t)p[STRINGS];
  const uint64_t mask = workload_progress_mask(strings);

  workload_phase(run, "fill");
  make_holders(&m);
  for (uint64_t i = 0; i < strings; i++) {
    if (i == strings / 4) workload_phase(run, "steady");
    make_one(&m);
    if ((i & mask) == 0) workload_progress(run, i, strings);
  }

  workload_phase(run, "check");
  read_all(&m);
  workload_progress(run, 1, 1);
  gc_pop(run->mutator, &frame.frame);
}

static bool validate_string_mix(const int64_t *p, char *error)
{
  if (p[MEDIUM] + p[LARGE] <= 1000) return true;
  snprintf(error, SETTING_ERROR_MAX, "medium and large are shares of the same 1000: together they may not be above it");
  return false;
}

const struct workload workload_string_mix = {
    .name = "string_mix",
    .summary = "strings of 16 bytes to 4 MiB, joined, cut and counted",
    .source = "gclab; words after JuliaCI/GCBenchmarks (strings.jl), pruned as by Manku and Motwani (2002)",
    .parameters = parameters,
    .parameter_count = PARAMETERS,
    .validate = validate_string_mix,
    .run = run_string_mix,
};
