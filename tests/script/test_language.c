/* The language: errors at their places, and text, packed form and back without loss. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "harness/fuzz/shrink.h"
#include "harness/process/interrupt.h"
#include "harness/script/packed.h"
#include "harness/script/parse.h"
#include "harness/script/print.h"
#include "harness/script/random_block.h"
#include "tests/unit/cmocka_all.h"

static struct script *parse(const char *text)
{
  struct script_error error;
  struct script *script = script_parse(text, strlen(text), &error);
  if (script == NULL) fail_msg("%u:%u: %s\n%s", error.line, error.column, error.message, text);
  return script;
}

static char *print(const struct script *script)
{
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  assert_non_null(out);
  script_print(script, out);
  fclose(out);
  return text;
}

static void every_error_has_its_place(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint32_t line, column;
    const char *message;
  } rows[] = {
      {"nwe a atom", 1, 1, "there is no operation 'nwe'; did you mean 'new'?"},
      {"\n\n  new a", 3, 8, "expected a kind of object or a class, found the end of the line"},
      {"new a lst 3", 1, 7,
       "'lst' is no kind of object, and no class so far; did you mean 'list'? (kinds: instance, list, tuple, dict, "
       "atom)"},
      {"new a tuple", 1, 12, "expected a tuple's elements, at least one, found the end of the line"},
      {"new a list 3 room 2", 1, 14, "a list of 3 elements needs room for as many"},
      {"new a instance 99999", 1, 16, "the number of fields is 0 to 16384, not 99999"},
      {"new none atom", 1, 5, "expected a root, found 'none'"},
      {"store a b", 1, 9, "expected '.' and a field, right behind the root, found 'b'"},
      {"store a .b c", 1, 9, "expected '.' and a field, right behind the root, found '.'"},
      {"load a self", 1, 8, "'self' is what an action is about; this is in none"},
      {"action x\n load self none\nend", 2, 7, "'self' cannot be assigned; load it into a root"},
      {"repeat 2\n drop a", 1, 1, "this 'repeat' has no 'end'"},
      {"end", 1, 1, "'end' closes nothing: no repeat or action is open here"},
      {"repeat 1\naction x\nend\nend", 2, 1, "an action stands outside of loops and actions"},
      {"weak w a callback nobody", 1, 19, "there is no action 'nobody'"},
      {"action x\nend\naction x\nend", 3, 8, "there is an action 'x' already, in line 1"},
      {"class P a a", 1, 11, "the class has a field 'a' already"},
      {"class list a", 1, 7, "expected a name that is no kind of object, found 'list'"},
      {"try collect", 1, 5, "'try' has no meaning in front of 'collect', which is always possible"},
      {"collect 3", 1, 9, "a generation is 0 to 2, not 3"},
      {"expect fuond == 1", 1, 8, "'fuond' is no quantity; did you mean 'found'?"},
      {"expect found = 1", 1, 14, "'=' relates nothing; there are ==, !=, <, <=, > and >="},
      {"print", 1, 6, "expected texts and quantities, found the end of the line"},
      {"print \"abc", 1, 7, "a text without its closing quote"},
      {"print \"\\q\"", 1, 8, "behind \\ stands n, t, \", \\ or x and two hexadecimal digits, not 00"},
      {"random 1 10 rots 3", 1, 13, "a random block has no option 'rots'; did you mean 'roots'?"},
      {"threshold 1 2 3 4", 1, 17, "expected the end of the line, found '4'"},
      {"drop a b", 1, 8, "expected the end of the line, found 'b'"},
      {"drop 7a", 1, 6, "a name begins with a letter or '_', and a number has digits only"},
      {"repeat 99999999999999999999\nend", 1, 8, "a number is -9223372036854775808 to 9223372036854775807"},
      {"drop a;", 1, 7, "';' is part of nothing here"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script_error error;
    struct script *script = script_parse(rows[i].text, strlen(rows[i].text), &error);
    if (script != NULL) fail_msg("'%s' parses", rows[i].text);
    if (error.line != rows[i].line || error.column != rows[i].column || strcmp(error.message, rows[i].message) != 0)
      fail_msg("'%s': %u:%u: %s", rows[i].text, error.line, error.column, error.message);
  }
}

#define GOLDEN_HASH UINT64_C(0x47d8eba014614dc1) /* of the operations of one block, as text */

static const char *const everything = "class Node left right\n"
                                      "class Guard finalizer revive\n"
                                      "class Old a legacy revive\n"
                                      "action revive\n"
                                      "  load kept self\n"
                                      "  store kept.left none\n"
                                      "end\n"
                                      "new a Node bytes 24\n"
                                      "new b instance 3\n"
                                      "new l list 2 room 9\n"
                                      "new t tuple a b.1 none\n"
                                      "new d dict room 4\n"
                                      "new s atom bytes 100\n"
                                      "store a.left b\n"
                                      "store d.key a\n"
                                      "store d.17 l.0\n"
                                      "append l a.right\n"
                                      "delete d.key\n"
                                      "try load x a.3\n"
                                      "weak w a callback revive\n"
                                      "deref x w\n"
                                      "load %0 a\n"
                                      "load %3 %0\n"
                                      "drop a\n"
                                      "collect 1\n"
                                      "threshold 700 10 -1\n"
                                      "threshold 3\n"
                                      "enable\n"
                                      "disable\n"
                                      "freeze\n"
                                      "unfreeze\n"
                                      "clear_garbage\n"
                                      "repeat 3\n"
                                      "  repeat 0\n"
                                      "    drop b\n"
                                      "  end\n"
                                      "end\n"
                                      "random 7 100 roots 5 weak 3\n"
                                      "print \"a \\\"text\\\"\\n\\x01\" count 0 refcount b found same a b runs revive\n"
                                      "expect refcount b.0 >= -3\n"
                                      "check\n";

static void text_comes_back(void **state)
{
  (void)state;
  struct script *script = parse(everything);
  char *text = print(script);
  assert_string_equal(text, everything);
  free(text);
  script_free(script);
}

static void packed_form_comes_back(void **state)
{
  (void)state;
  struct script *script = parse(everything);
  struct script_error error;
  size_t length;
  size_t again_length;
  void *bytes = script_pack(script, &length);
  struct script *unpacked = script_unpack(bytes, length, &error);
  if (unpacked == NULL) fail_msg("%s", error.message);
  char *text = print(unpacked);
  assert_string_equal(text, everything);
  void *again = script_pack(unpacked, &again_length);
  assert_int_equal(length, again_length);
  assert_memory_equal(bytes, again, length);
  free(again);
  free(text);
  free(bytes);
  script_free(script);
  script_free(unpacked);
}

/* Whether it was text or bytes: the same tables in the same order, so that roots are dropped in the same order, too. */
static void a_script_has_one_packed_form(void **state)
{
  (void)state;
  static const char *const texts[] = {
      "drop a\nclass B x\nnew b B\n",                          /* classes come first in the canonical text */
      "weak w a callback f\nprint \"x\"\naction f\nend\n",     /* an action is mentioned before it is there */
      "random 5 40 roots 30\nload z %2\nload y %50\ndrop z\n", /* named roots after those of a block, and unused ones */
      "random 5 100 finalizer 9 weak 9\nnew act0 atom\n",      /* a name that a block would have used */
      "new t tuple 2 of bytes bytes 3\nnew t tuple bytes bytes.bytes bytes 0\n", /* a root called `bytes` */
      "expect live == -9223372036854775808\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct script_error error;
    struct script *script = parse(texts[i]);
    struct script *expanded = script_expand(script);
    size_t length;
    size_t again_length;
    if (!script_check(script, &error) || !script_check(expanded, &error)) fail_msg("%s: %s", texts[i], error.message);
    char *text = print(expanded);
    struct script *again = parse(text);
    void *bytes = script_pack(expanded, &length);
    void *bytes_again = script_pack(again, &again_length);
    if (length != again_length || memcmp(bytes, bytes_again, length) != 0)
      fail_msg("%s has two packed forms", texts[i]);
    free(bytes);
    free(bytes_again);
    free(text);
    script_free(again);
    script_free(expanded);
    script_free(script);
  }
}

static void expect_error(const char *text, uint32_t line, uint32_t column, const char *message)
{
  struct script_error error;
  assert_null(script_parse(text, strlen(text), &error));
  if (error.line != line || error.column != column || strcmp(error.message, message) != 0)
    fail_msg("%u:%u: %s", error.line, error.column, error.message);
}

/* However many there are of something. */
static void what_is_too_much_has_its_place(void **state)
{
  (void)state;
  enum { ACTIONS = 300 };
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  assert_non_null(out);
  for (int i = 0; i < ACTIONS; i++) fprintf(out, "weak w a callback n%d\n", i);
  for (int i = 0; i < ACTIONS - 1; i++) fprintf(out, "action n%d\nend\n", i);
  fclose(out);
  expect_error(text, ACTIONS, 19, "there is no action 'n299'");
  free(text);
  expect_error("drop a\ndrop %65535\n", 2, 6, "a script has at most 65536 roots");
}

static void rename_to(struct script *script, uint32_t name, const char *to)
{
  free(script->names[name]);
  script->names[name] = strdup(to);
}

static void call_root_none(struct script *script) { rename_to(script, script->roots[0], "none"); }
static void call_class_list(struct script *script) { rename_to(script, script->classes[0].name, "list"); }
static void call_field_legacy(struct script *script) { rename_to(script, script->field_names[0], "legacy"); }
static void leave_class_nameless(struct script *script) { script->classes[0].name = SCRIPT_NOBODY; }
static void name_a_class_twice(struct script *script) { script->classes[1].name = script->classes[0].name; }
static void name_a_field_twice(struct script *script) { script->field_names[1] = script->field_names[0]; }
static void name_a_root_twice(struct script *script) { script->roots[1] = script->roots[0]; }
static void add_a_name(struct script *script) { script_name(script, "nobody"); }
static void add_a_root(struct script *script) { script_root(script, SCRIPT_NOBODY); }
static void ask_for_endless_rounds(struct script *script) { script->ops[0].number = UINT32_MAX + INT64_C(1); }
static void ask_for_no_roots(struct script *script) { script->operands[0].number = 0; }
static void seed_below_zero(struct script *script) { script->ops[2].number = -1; }
static void set_a_threshold_too_high(struct script *script) { script->ops[3].thresholds[0] = 2000000001; }
static void define_an_action_twice(struct script *script) { script->ops[6].action = 0; }
static void print_nothing(struct script *script) { script->ops[8].operands = 0; }
static void swap_texts(struct script *script)
{
  script->operands[1].text = 1;
  script->operands[2].text = 0;
}

/* What no text can say no bytes can, either. */
static void what_text_cannot_say_is_refused(void **state)
{
  (void)state;
  static const struct {
    void (*damage)(struct script *script);
    const char *message;
  } rows[] = {
      {call_root_none, "a root cannot be called 'none'"},
      {call_class_list, "a class cannot be called 'list'"},
      {call_field_legacy, "a field cannot be called 'legacy'"},
      {leave_class_nameless, "a class has a name that is not there"},
      {name_a_class_twice, "two classes have one name"},
      {name_a_field_twice, "two fields of a class have one name"},
      {name_a_root_twice, "two roots have one name"},
      {add_a_name, "names, roots, actions or texts are not in the order in which they are mentioned"},
      {add_a_root, "names, roots, actions or texts are not in the order in which they are mentioned"},
      {swap_texts, "names, roots, actions or texts are not in the order in which they are mentioned"},
      {ask_for_endless_rounds, "a loop is run 0 to 4294967295 times"},
      {ask_for_no_roots, "an option of a random block is out of its range"},
      {seed_below_zero, "a random block's seed is not negative, and it has at most 100000000 operations"},
      {set_a_threshold_too_high, "a threshold is -1000000000 to 2000000000"},
      {define_an_action_twice, "an action has no definition"},
      {print_nothing, "nothing is printed"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script *script = parse("class C x y\nclass D\nrepeat 3\nend\nrandom 1 5 roots 2\nthreshold 5\n"
                                  "action f\nend\naction g\nend\nprint \"a\" \"b\"\nload a b\n");
    struct script_error error = {0};
    size_t length;
    rows[i].damage(script);
    void *bytes = script_pack(script, &length);
    struct script *found = script_unpack(bytes, length, &error);
    if (found != NULL) fail_msg("damage %zu is not seen", i);
    assert_string_equal(error.message, rows[i].message);
    free(bytes);
    script_free(script);
  }
}

/* Whatever the bytes are: a script that holds together, or an error; and a script's bytes are unique. */
static void damaged_bytes_are_refused(void **state)
{
  (void)state;
  struct script *script = parse(everything);
  size_t length;
  unsigned char *bytes = script_pack(script, &length);
  unsigned char *damaged = malloc(length);
  struct random random;
  struct script_error error;
  size_t accepted = 0;
  random_seed(&random, 5);
  assert_non_null(damaged);
  for (size_t cut = 0; cut < length; cut++) assert_null(script_unpack(bytes, cut, &error));
  for (int round = 0; round < 20000; round++) {
    memcpy(damaged, bytes, length);
    for (uint32_t k = random_below(&random, 3) + 1; k > 0; k--)
      damaged[8 + random_below(&random, (uint32_t)length - 8)] = (unsigned char)random_u64(&random);
    struct script *found = script_unpack(damaged, length, &error);
    if (found == NULL) {
      assert_true(error.message[0] != '\0');
      continue;
    }
    size_t again_length;
    void *again = script_pack(found, &again_length);
    assert_true(again_length == length && memcmp(again, damaged, length) == 0);
    accepted++;
    free(again);
    script_free(found);
  }
  assert_true(accepted > 100);
  free(damaged);
  free(bytes);
  script_free(script);
}

/* Bytes that look like text: no crash, and an error has a place. */
static void any_text_is_parsed_or_refused(void **state)
{
  (void)state;
  struct random random;
  struct script_error error;
  char *text = strdup(everything);
  const size_t length = strlen(text);
  random_seed(&random, 6);
  for (int round = 0; round < 20000; round++) {
    memcpy(text, everything, length);
    for (uint32_t k = random_below(&random, 4) + 1; k > 0; k--)
      text[random_below(&random, (uint32_t)length)] = everything[random_below(&random, (uint32_t)length)];
    struct script *script = script_parse(text, random_below(&random, (uint32_t)length) + 1, &error);
    if (script == NULL) {
      assert_true(error.line > 0 && error.column > 0 && error.message[0] != '\0');
    } else {
      assert_true(script_check(script, &error));
      script_free(script);
    }
  }
  free(text);
}

static uint64_t hash_of(const char *text)
{
  uint64_t hash = 0xcbf29ce484222325u;
  for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
  return hash;
}

/* A seed means the same operations for ever: findings are named by their seeds. */
static void a_seed_means_the_same_for_ever(void **state)
{
  (void)state;
  struct script *script = parse("random 42 5000 weak 5 finalizer 5 deref 5 collect 1 freeze 1 large 90\n");
  struct script *expanded = script_expand(script);
  struct script_error error;
  assert_true(script_check(expanded, &error));
  char *text = print(expanded);
  struct script *again = parse(text);
  char *text_again = print(again);
  assert_string_equal(text, text_again);
  if (hash_of(text) != GOLDEN_HASH) fail_msg("the operations have changed: 0x%llx", (unsigned long long)hash_of(text));
  free(text);
  free(text_again);
  script_free(again);
  script_free(expanded);
  script_free(script);
}

/* "Fails" when it stores into field 3 of what has been made as a list before. */
static bool has_list_and_store(void *context, const struct script *script)
{
  bool has_list = false;
  ++*(size_t *)context;
  for (size_t i = 0; i < script->op_count; i++) {
    const struct script_op *op = &script->ops[i];
    if (op->code == SCRIPT_NEW && op->kind == GC_LIST) has_list = true;
    if (has_list && op->code == SCRIPT_STORE && op->field == 3) return true;
  }
  return false;
}

static void a_finding_shrinks_to_what_it_needs(void **state)
{
  (void)state;
  struct script *script = parse("random 3 3000\n");
  struct script *expanded = script_expand(script);
  size_t tests = 0;
  assert_true(has_list_and_store(&tests, expanded));
  struct script *small = script_shrink(expanded, has_list_and_store, &tests, 2000, NULL);
  assert_int_equal(small->op_count, 2);
  assert_true(has_list_and_store(&tests, small));
  assert_true(tests < 2000);
  script_free(small);
  script_free(expanded);
  script_free(script);
}

/* Somebody types Ctrl-C during the fifth test. */
static bool fails_and_is_interrupted(void *context, const struct script *script)
{
  if (!has_list_and_store(context, script)) return false;
  if (*(size_t *)context >= 5) raise(SIGINT);
  return true;
}

static void an_interrupted_shrink_keeps_the_smallest_so_far(void **state)
{
  (void)state;
  struct script *script = parse("random 3 3000\n");
  struct script *expanded = script_expand(script);
  size_t tests = 0;
  assert_true(interrupt_watch());
  struct script *small = script_shrink(expanded, fails_and_is_interrupted, &tests, 2000, NULL);
  assert_true(interrupt_is_asked());
  interrupt_release();
  assert_in_range(tests, 5, 20);
  assert_true(has_list_and_store(&tests, small));
  assert_true(small->op_count < expanded->op_count);
  assert_true(small->op_count > 2);
  script_free(small);
  script_free(expanded);
  script_free(script);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_error_has_its_place),
      cmocka_unit_test(text_comes_back),
      cmocka_unit_test(packed_form_comes_back),
      cmocka_unit_test(a_script_has_one_packed_form),
      cmocka_unit_test(what_is_too_much_has_its_place),
      cmocka_unit_test(what_text_cannot_say_is_refused),
      cmocka_unit_test(damaged_bytes_are_refused),
      cmocka_unit_test(any_text_is_parsed_or_refused),
      cmocka_unit_test(a_seed_means_the_same_for_ever),
      cmocka_unit_test(a_finding_shrinks_to_what_it_needs),
      cmocka_unit_test(an_interrupted_shrink_keeps_the_smallest_so_far),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
