#include "harness/figures/slim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/whole_file.h"
#include "harness/text/text.h"

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Behind a group that holds nothing but white space; NULL: it holds something. */
static const char *after_empty_group(const char *at)
{
  if (!begins(at, "<g ")) return NULL;
  const char *end = strchr(at, '>');
  if (end == NULL) return NULL;
  end += 1 + strspn(end + 1, " \t\n");
  return begins(end, "</g>") ? end + 4 + strspn(end + 4, " \t\n") : NULL;
}

/* Behind gnuplot's title of a plot, which is its command. */
static const char *after_title(const char *at)
{
  if (!begins(at, "<title>DATA ")) return NULL;
  const char *end = strstr(at, "</title>");
  return end != NULL ? end + strlen("</title>") + strspn(end + strlen("</title>"), " \t\n") : NULL;
}

/* One pass; a group whose only group has gone is empty in the next. */
static bool pass(char *svg)
{
  char *to = svg;
  for (const char *at = svg; *at != '\0';) {
    const char *next = *at == '<' ? after_empty_group(at) : NULL;
    if (next == NULL && *at == '<') next = after_title(at);
    if (next != NULL)
      at = next;
    else
      *to++ = *at++;
  }
  const bool changed = *to != '\0';
  *to = '\0';
  return changed;
}

void slim_svg(char *svg)
{
  while (pass(svg)) continue;
}

bool slim_file(const char *path)
{
  size_t bytes = 0;
  char *text = text_read_file(path, &bytes);
  struct whole_file slim;
  bool ok = text != NULL && whole_file_open(&slim, path);
  if (ok) {
    slim_svg(text);
    fputs(text, slim.stream);
    ok = whole_file_close(&slim, true);
  }
  if (!ok) fprintf(stderr, "gclab plot: %s: %s\n", path, strerror(errno));
  free(text);
  return ok;
}
