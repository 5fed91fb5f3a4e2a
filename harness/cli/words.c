#include "harness/cli/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static bool needs_quotes(const char *word)
{
  return *word == '\0' ||
         strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=.,/:+%@") != strlen(word);
}

char *words_join(int argc, char **argv)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = memory_require(open_memstream(&text, &length));
  for (int i = 0; i < argc; i++) {
    if (i > 0) fputc(' ', stream);
    if (i == 0 || !needs_quotes(argv[i])) { /* argv[0] is "gclab run" */
      fputs(argv[i], stream);
      continue;
    }
    fputc('\'', stream);
    for (const char *p = argv[i]; *p != '\0'; p++) *p == '\'' ? fputs("'\\''", stream) : fputc(*p, stream);
    fputc('\'', stream);
  }
  memory_close(stream);
  return text;
}
