/* python_program: what `gclab record` and `gclab tune -- PROGRAM` share: options, and telling what was recorded. */
#ifndef GCLAB_HARNESS_CLI_PYTHON_PROGRAM_H
#define GCLAB_HARNESS_CLI_PYTHON_PROGRAM_H

#include <argp.h>
#include <stdio.h>

#include "harness/recording/launch.h"
#include "harness/recording/session.h"

/* How the program is run.  For use as a child of another argp parser, whose input is the struct. */
struct python_program {
  struct launch_request launch;
  int64_t thresholds[3];
  const char *out; /* directory for recordings; NULL: the default */
};

extern const struct argp python_program_argp;
extern const char python_program_directory[]; /* the default */

/* "700", "700,10" or "700,10,10": what is missing keeps the value that is there.  False with a message in error. */
bool python_program_parse_thresholds(const char *text, int64_t *thresholds, char *error);

/* The program's words begin here: takes the rest of the arguments. */
void python_program_take_words(struct python_program *program, struct argp_state *state);

/* Makes the directory for recordings, under a name that is not there yet.  To be freed; NULL after a message. */
char *python_program_make_directory(const char *wanted);

/* The exit code that passes on how the program ended: its own, or 128 and the signal's number as shells have it. */
int python_program_exit_code(const struct launch_result *result);

/* A line or two about each process, and what there is to say about it. */
void python_program_print_session(const struct session *session, FILE *out);

/* Why there is no recording of objects, and what to do. */
void python_program_explain_nothing(const char *program, const struct session *session);

#endif
