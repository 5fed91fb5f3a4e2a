/* The packed form: it is refused with a message, or is the only form of a script that survives every way it can go. */
#include <stdlib.h>
#include <string.h>

#include "harness/script/packed.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct script_error error;
  struct script *script = script_unpack(data, size, &error);
  if (script == NULL) {
    if (memchr(error.message, '\0', sizeof error.message) == NULL || error.message[0] == '\0')
      fuzz_fail("an error without a message");
    return 0;
  }
  size_t length;
  void *bytes = script_pack(script, &length);
  if (length != size || memcmp(bytes, data, size) != 0) fuzz_fail("the script has another packed form, too");
  free(bytes);
  if (!round_trip_is_large(script)) round_trip_check(script);
  script_free(script);
  return 0;
}
