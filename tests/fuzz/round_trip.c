#include "tests/fuzz/round_trip.h"

#include <stdlib.h>
#include <string.h>

#include "harness/script/packed.h"
#include "harness/script/parse.h"
#include "harness/script/print.h"
#include "tests/fuzz/fuzz.h"

/* A script in both of its forms. */
struct forms {
  char *text;
  void *bytes;
  size_t text_length, byte_count;
};

static struct forms write_forms(const struct script *script)
{
  struct forms forms = {0};
  struct script_error error = {0};
  if (!script_check(script, &error)) fuzz_fail("script_check: %u:%u: %s", error.line, error.column, error.message);
  FILE *out = open_memstream(&forms.text, &forms.text_length);
  if (out == NULL) fuzz_fail("no memory for a stream");
  script_print(script, out);
  fclose(out);
  forms.bytes = script_pack(script, &forms.byte_count);
  return forms;
}

static void free_forms(struct forms *forms)
{
  free(forms->text);
  free(forms->bytes);
}

static void compare(const struct forms *first, const struct forms *second, const char *by)
{
  if (first->text_length != second->text_length || memcmp(first->text, second->text, first->text_length) != 0)
    fuzz_fail("the %s gives another text:\n%s----\n%s", by, first->text, second->text);
  if (first->byte_count != second->byte_count || memcmp(first->bytes, second->bytes, first->byte_count) != 0)
    fuzz_fail("the %s gives other bytes:\n%s", by, first->text);
}

static void check_again(const struct forms *forms, struct script *again, const struct script_error *error,
                        const char *by)
{
  if (again == NULL)
    fuzz_fail("the %s is refused: %u:%u: %s\n%s", by, error->line, error->column, error->message, forms->text);
  struct forms second = write_forms(again);
  compare(forms, &second, by);
  free_forms(&second);
  script_free(again);
}

bool round_trip_is_large(const struct script *script)
{
  enum { OPERANDS_MAX = 20000, STEPS_MAX = 2000000 };
  return script->operand_count > OPERANDS_MAX ||
         (script->operand_count + script->op_count) * script->root_count > STEPS_MAX;
}

void round_trip_check(const struct script *script)
{
  struct script_error error = {0};
  struct forms forms = write_forms(script);
  check_again(&forms, script_parse(forms.text, forms.text_length, &error), &error, "canonical text");
  check_again(&forms, script_unpack(forms.bytes, forms.byte_count, &error), &error, "packed form");
  free_forms(&forms);
}
