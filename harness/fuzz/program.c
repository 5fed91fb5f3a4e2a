/* The random programs: what each of them does much of goes by its number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"
#include "harness/script/parse.h"
#include "harness/script/random_block.h"

/* Thresholds: young collections only, cascades of all three, none, the defaults. */
static const char *const thresholds[FUZZ_SETTINGS] = {"700 10 10", "3 2 2",      "1 1 1",   "9 0 0",
                                                      "20 5 2",    "100 3 3",    "0 5 5",   "5 3 0",
                                                      "50 10 10",  "2000 10 10", "10 1 20", "2 100 1"};

static const char *const python_mixes[] = {
    "",
    "instance 60 list 0 tuple 0 dict 0 store 90",
    "tuple 60 instance 10 list 5 dict 5 fields 6",
    "dict 40 delete 30 store 80 fields 3",
    "list 60 append 60 delete 40",
    "collect 3 threshold 1 enable 1",
    "roots 6 drop 60",
    "roots 200 fields 12 drop 4",
    "freeze 1 collect 1",
    "tuple 40 dict 30 collect 2 roots 12 fields 3",
    "weak 30 deref 20 roots 16",
    "finalizer 20 roots 12 collect 1",
    "finalizer 20 weak 20 deref 20 drop 30 collect 1",
    "legacy 20 roots 12 collect 1",
    "legacy 15 finalizer 15 weak 20 deref 20 drop 30 collect 1 freeze 1 clear 1",
    "chain 1 finalizer 10 legacy 2 weak 10 deref 10 drop 30 collect 1",
    "busy 1 finalizer 20 legacy 5 weak 20 deref 20 drop 30 collect 1 freeze 1 clear 1 roots 16",
    "dict 30 tuple 60 atom 30 collect 2 freeze 1 fields 2 threshold 1 roots 10",
};

static const char *const oracle_mixes[] = {
    "",
    "instance 60 list 0 tuple 0 dict 0 store 90",
    "large 8 roots 16",
    "roots 200 fields 12 drop 4",
    "roots 4 drop 60",
    "list 60 append 60 delete 40",
    "tuple 30 dict 30 delete 20 bytes 200",
    "collect 5 check 1",
    "finalizer 20 weak 15 deref 15",
    "finalizer 40 roots 8 drop 40 collect 2",
    "weak 40 deref 40 roots 40",
    "fields 1 roots 4 store 90 load 5",
    "legacy 20 finalizer 10 weak 15 deref 15 roots 12 drop 30 collect 2 clear 1",
    "chain 1 finalizer 10 legacy 2 weak 10 deref 10 drop 30 collect 1",
};

static struct script *make(const char *text)
{
  struct script_error error;
  struct script *script = script_parse(text, strlen(text), &error);
  if (script == NULL) {
    fprintf(stderr, "gclab: a program of the fuzzer's own does not parse: %s\n%s", error.message, text);
    exit(4);
  }
  struct script *expanded = script_expand(script);
  script_free(script);
  return expanded;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) { return b == 0 ? a : common_divisor(b, a % b); }

/*
 * Mixes and settings both change from one program to the next, so that a few programs have many of both; each time all
 * of them have come round together the settings go one further, and in the end every mix has met every setting.
 */
struct script *fuzz_program_for_python(const struct fuzz_options *options, uint64_t i)
{
  const uint64_t mixes = sizeof python_mixes / sizeof python_mixes[0];
  const uint64_t settings = FUZZ_SETTINGS;
  const uint64_t round = mixes / common_divisor(mixes, settings) * settings;
  char text[512];
  snprintf(text, sizeof text, "threshold %s\nrandom %" PRIu64 " %" PRIu64 " %s\n",
           thresholds[(i + i / round) % settings], options->seed * 1000003 + i, options->operations,
           python_mixes[i % mixes]);
  return make(text);
}

struct script *fuzz_program_for_oracle(const struct fuzz_options *options, uint64_t i)
{
  enum { MIXES = sizeof oracle_mixes / sizeof oracle_mixes[0] };
  char text[512];
  snprintf(text, sizeof text, "threshold %s\nrandom %" PRIu64 " %" PRIu64 " %s\ncollect\n",
           thresholds[i / MIXES % FUZZ_SETTINGS], options->seed * 1000003 + i, options->operations,
           oracle_mixes[i % MIXES]);
  return make(text);
}
