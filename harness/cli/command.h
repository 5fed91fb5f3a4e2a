/*
 * command: the table of `gclab`'s commands.  One row and one file a command.
 *
 * Exit codes, for every command: 0 done; 1 a finding (a damaged series, a script's expectation, a difference); 2 wrong
 * usage; 3 a trial failed; 4 the environment lacks something; 130 interrupted.
 */
#ifndef GCLAB_HARNESS_CLI_COMMAND_H
#define GCLAB_HARNESS_CLI_COMMAND_H

enum exit_code {
  EXIT_DONE = 0,
  EXIT_FINDING = 1,
  EXIT_USAGE = 2,
  EXIT_TRIAL_FAILED = 3,
  EXIT_ENVIRONMENT = 4,
  EXIT_INTERRUPTED = 130
};

struct command {
  const char *name, *summary;
  int (*run)(int argc, char **argv); /* argv[0] is "gclab NAME", for messages */
};

int command_list(int argc, char **argv);
int command_run(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_report(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_minheap(int argc, char **argv);
int command_export(int argc, char **argv);
int command_characterise(int argc, char **argv);
int command_script(int argc, char **argv);
int command_fuzz(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_micro(int argc, char **argv);
int command_record(int argc, char **argv);
int command_tune(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_tune_python(int argc, char **argv); /* of `gclab tune -- PROGRAM` */

/* The results database: --store FILE where it was given, else GCLAB_STORE, else gclab.sqlite in this directory. */
const char *command_store_path(const char *given);

#endif
