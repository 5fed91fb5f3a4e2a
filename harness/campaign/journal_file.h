/*
 * journal_file: the journal that a trial has left, in the harness's memory.
 *
 * The trial may have been killed or have written over its own memory, so nothing in it is believed: rows end at the
 * first that cannot be one.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_JOURNAL_FILE_H
#define GCLAB_HARNESS_CAMPAIGN_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/journal.h"

struct journal_file {
  const struct journal_head *head; /* NULL: there is none */
  const struct journal_row *rows;
  size_t row_count;
  const struct journal_request *requests;
  size_t request_count, phase_count;
  bool damaged; /* something had to be left out */
  size_t bytes;
};

/* Maps the journal; the process that wrote it has ended. */
void journal_file_map(int fd, struct journal_file *file);
void journal_file_unmap(struct journal_file *file);

#endif
