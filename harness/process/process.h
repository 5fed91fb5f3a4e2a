/*
 * process: runs a program to its end, with text in and text out.
 *
 * For what asks a program something and waits: a script on a trial program, a real interpreter.  Trials that are
 * measured are started by the campaign (campaign/launch.h), which watches them while they run.
 */
#ifndef GCLAB_HARNESS_PROCESS_PROCESS_H
#define GCLAB_HARNESS_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_request {
  const char *const *words; /* the program, looked up in PATH where it has no slash, and its arguments; NULL-ended */
  const void *input;        /* its standard input; NULL: empty */
  size_t input_length;
  bool inherits_output;    /* standard output goes where ours goes, and is not kept */
  bool inherits_error;     /* the same of standard error */
  uint64_t output_maximum; /* bytes kept of each; the rest is read and dropped.  0: 16 MiB */
  uint64_t time_limit_ns;  /* the program is killed then; 0: none */
};

struct process_result {
  bool started; /* false: error says why */
  bool timed_out;
  bool interrupted;     /* we were asked to end (interrupt.h): the program was ended before its time, or not started */
  int exit_code;        /* -1: a signal ended it */
  int signal;           /* 0: none */
  char *output, *error; /* NUL-ended; never NULL; to be freed with process_free */
  size_t output_length, error_length;
};

/*
 * Runs the program.  Returns when it has ended and closed its output, or has been killed.  Where signals are watched
 * for (interrupt.h) and one comes, the program is ended by SIGTERM, and where that does not do by SIGKILL.
 */
struct process_result process_run(const struct process_request *request);

void process_free(struct process_result *result);

#endif
