#define _GNU_SOURCE
#include "harness/campaign/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/campaign/units.h"

enum { LINE_MAX_BYTES = 512, BAR_CELLS = 20, NARROWEST = 40, BLOCK_TEXT_MAX = 40 };

static const uint64_t redraw_ns = 200000000;
static const uint64_t plain_line_ns = 5000000000;

void progress_begin(struct progress *progress, bool quiet, size_t done, size_t total, uint32_t blocks)
{
  const char *type = getenv("TERM");
  const char *no_colour = getenv("NO_COLOR");
  const bool terminal = isatty(STDERR_FILENO) && type != NULL && *type != '\0' && strcmp(type, "dumb") != 0;
  *progress = (struct progress){.quiet = quiet,
                                .terminal = terminal && !quiet,
                                .colour = terminal && (no_colour == NULL || *no_colour == '\0'),
                                .done = done,
                                .total = total,
                                .blocks = blocks};
}

uint64_t progress_tick_ns(const struct progress *progress) { return progress->terminal ? redraw_ns : 0; }

static size_t terminal_width(void)
{
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char *columns = getenv("COLUMNS");
  const long width = columns != NULL ? strtol(columns, NULL, 10) : 0;
  return width > 0 ? (size_t)width : 80;
}

/* What is left of all trials, given how far the running one is. */
static uint64_t time_left_ns(const struct progress *progress, uint64_t permille, uint64_t now_ns)
{
  const uint64_t elapsed_ns = now_ns - progress->trial_start_ns;
  uint64_t left_ns = progress->trial_ns > elapsed_ns ? progress->trial_ns - elapsed_ns : 0;
  if (permille >= 100 && permille <= 1000) left_ns = elapsed_ns * (1000 - permille) / permille;
  return left_ns + progress->others_ns;
}

/* "block 3/10"; of how many, where that is known. */
static const char *block_words(const struct progress *progress, char *text, size_t size)
{
  if (progress->blocks > 0)
    snprintf(text, size, "block %u/%u", progress->block + 1, progress->blocks);
  else
    snprintf(text, size, "block %u", progress->block + 1);
  return text;
}

static void write_bar(const struct progress *progress, uint64_t permille, char *bar)
{
  size_t filled = BAR_CELLS;
  if (progress->total > 0)
    filled = (size_t)((double)BAR_CELLS * ((double)progress->done + (double)permille / 1000) / (double)progress->total);
  for (size_t i = 0; i < BAR_CELLS; i++) bar[i] = i < filled ? '=' : i == filled ? '>' : ' ';
  bar[BAR_CELLS] = '\0';
}

static void draw(struct progress *progress, uint64_t permille)
{
  char line[LINE_MAX_BYTES];
  char bar[BAR_CELLS + 1];
  char left[UNITS_TEXT_MAX];
  char end[UNITS_TEXT_MAX + 8];
  char block[BLOCK_TEXT_MAX];
  const size_t width = terminal_width();
  write_bar(progress, permille, bar);
  snprintf(end, sizeof end, "  ETA %s", units_span(time_left_ns(progress, permille, clock_now_ns()), left));
  int used = 0;
  if (width >= 2 * NARROWEST) used = snprintf(line, sizeof line, "[%s] ", bar);
  used += snprintf(line + used, sizeof line - (size_t)used, "%zu/%zu  %s  %s", progress->done, progress->total,
                   block_words(progress, block, sizeof block), progress->label);
  /* The time left is kept; the label gives way. */
  size_t room = width > strlen(end) + 1 ? width - strlen(end) - 1 : 0;
  if (room > sizeof line - 1) room = sizeof line - 1;
  if ((size_t)used > room) line[room] = '\0';
  fprintf(stderr, "\r%s%s\033[K", line, room > 0 ? end : "");
  fflush(stderr);
  progress->drawn = true;
}

static void erase(struct progress *progress)
{
  if (progress->drawn) fputs("\r\033[K", stderr);
  progress->drawn = false;
}

/* Elsewhere than on a terminal: when a block begins, and every few seconds. */
static void say(struct progress *progress, bool block_begins)
{
  const uint64_t now_ns = clock_now_ns();
  if (!block_begins && now_ns - progress->last_line_ns < plain_line_ns) return;
  char left[UNITS_TEXT_MAX], block[BLOCK_TEXT_MAX];
  fprintf(stderr, "gclab: %zu/%zu  %s  %s  ETA %s\n", progress->done, progress->total,
          block_words(progress, block, sizeof block), progress->label,
          units_span(time_left_ns(progress, 0, now_ns), left));
  progress->last_line_ns = now_ns;
}

void progress_trial(struct progress *progress, uint32_t block, const char *label, uint64_t trial_ns, uint64_t others_ns)
{
  const bool block_begins = progress->label == NULL || block != progress->block;
  progress->block = block;
  progress->label = label;
  progress->trial_ns = trial_ns;
  progress->others_ns = others_ns;
  progress->trial_start_ns = clock_now_ns();
  if (progress->quiet) return;
  if (!progress->terminal)
    say(progress, block_begins && progress->trial_start_ns - progress->last_line_ns >= plain_line_ns / 5);
  else if (progress->trial_start_ns - progress->last_line_ns >= redraw_ns / 4) { /* small trials: no flicker, no cost */
    draw(progress, 0);
    progress->last_line_ns = progress->trial_start_ns;
  }
}

void progress_tick(struct progress *progress, uint64_t permille)
{
  if (progress->terminal) draw(progress, permille <= 1000 ? permille : 0);
}

void progress_trial_done(struct progress *progress) { progress->done++; }

void progress_note(struct progress *progress, const char *format, ...)
{
  erase(progress);
  if (progress->colour) fputs("\033[31m", stderr);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments); // NOLINT(clang-analyzer-valist.Uninitialized): it is initialized just above
  va_end(arguments);
  fputs(progress->colour ? "\033[0m\n" : "\n", stderr);
}

void progress_end(struct progress *progress) { erase(progress); }
