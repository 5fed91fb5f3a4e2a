#include "harness/fuzz/finding.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/script/print.h"

void fuzz_progress(const struct fuzz_options *options, const struct fuzz_summary *summary, const char *what)
{
  if (!options->shows_progress) return;
  fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " programs, %" PRIu64 " operations, %" PRIu64 " findings ", what,
          summary->programs, options->programs, summary->operations, summary->findings);
  if (summary->programs == options->programs) fputc('\n', stderr);
}

void fuzz_progress_end(const struct fuzz_options *options, const struct fuzz_summary *summary)
{
  const bool is_drawn = options->shows_progress && summary->programs > 0;
  if (is_drawn && summary->programs < options->programs) fputc('\n', stderr);
}

bool fuzz_write_finding(const struct fuzz_options *options, const struct script *script, const char *name,
                        const char *how, const char *what)
{
  char path[4096];
  mkdir(options->directory, 0777);
  snprintf(path, sizeof path, "%s/%s.heap", options->directory, name);
  FILE *out = memory_or_null(fopen(path, "w"));
  if (out == NULL) {
    fprintf(stderr, "gclab: %s: %s; the finding follows\n", path, strerror(errno));
    script_print(script, stdout);
    return false;
  }
  fprintf(out, "# %s\n", how);
  for (const char *line = what; *line != '\0';) {
    const size_t length = strcspn(line, "\n");
    fprintf(out, "# %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
  script_print(script, out);
  const bool written = fclose(out) == 0;
  printf("found: %s\n%s\n", path, what);
  return written;
}
