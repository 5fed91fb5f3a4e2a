/* session: the files that one run of a program left in a directory, a process each. */
#ifndef GCLAB_HARNESS_RECORDING_SESSION_H
#define GCLAB_HARNESS_RECORDING_SESSION_H

#include "harness/recording/recording.h"

struct session_process {
  char *path;
  struct recording_header header;
};

/* In the order in which they began. */
struct session {
  struct session_process *list;
  size_t count;
  size_t started; /* processes that began, recorded or not; 0: not known */
  size_t skipped; /* files of a directory that have no header: their process ended just when it began them */
};

/* The headers of all recordings in a directory, or of one file.  False with a message: there is none, or it is bad. */
bool session_open(const char *path, struct session *session, char *error);
void session_close(struct session *session);

/*
 * The process that advice is for: of those with objects, the one with the most bytes of events, since that is where the
 * allocations are.  NULL: none has.
 */
const struct session_process *session_largest(const struct session *session);

#endif
