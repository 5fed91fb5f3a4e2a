/*
 * The text of heap scripts: it is refused with a place and a message, or is a script that survives every way it can go.
 */
#include <string.h>

#include "harness/script/parse.h"
#include "harness/script/random_block.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round_trip.h"

/* The place is in the text; one behind the end of its line at most. */
static void check_error(const char *text, size_t length, const struct script_error *error)
{
  const char *line = text;
  const char *end = text + length;
  if (memchr(error->message, '\0', sizeof error->message) == NULL || error->message[0] == '\0')
    fuzz_fail("an error without a message");
  for (uint32_t i = 1; i < error->line; i++) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    if (newline == NULL) fuzz_fail("line %u is behind the end: %s", error->line, error->message);
    line = newline + 1;
  }
  const char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
  const size_t columns = (size_t)((newline != NULL ? newline : end) - line);
  if (error->line == 0 || error->column == 0 || error->column > columns + 1)
    fuzz_fail("%u:%u is no place of the text: %s", error->line, error->column, error->message);
}

/* Random blocks are written out where that is little. */
static void check_expanded(const struct script *script)
{
  enum { OPERATIONS_MAX = 2000 };
  uint64_t operations = 0;
  for (size_t i = 0; i < script->op_count; i++) {
    if (script->ops[i].code == SCRIPT_RANDOM) operations += script->ops[i].root;
  }
  if (operations == 0 || operations > OPERATIONS_MAX) return;
  struct script *expanded = script_expand(script);
  if (!round_trip_is_large(expanded)) round_trip_check(expanded);
  script_free(expanded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct script_error error;
  struct script *script = script_parse((const char *)data, size, &error);
  if (script == NULL) {
    check_error((const char *)data, size, &error);
    return 0;
  }
  if (!round_trip_is_large(script)) {
    round_trip_check(script);
    check_expanded(script);
  }
  script_free(script);
  return 0;
}
