/* `gclab`: finds the command's row and hands over. */
#include "harness/cli/command.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/setting.h"
#include "base/version.h"

const char *argp_program_version = "gclab " GCLAB_VERSION " (" GCLAB_REVISION ", " GCLAB_BUILD ", " GCLAB_COMPILER ")";

static const struct command commands[] = {
    {"list", "collectors, workloads, plans and figures, and what can be set", command_list},
    {"run", "run a matrix of collectors, workloads and settings", command_run},
    {"micro", "measure each primitive of each collector beside the machine's limits", command_micro},
    {"plot", "draw figures from the results", command_plot},
    {"report", "write a campaign as one page of HTML", command_report},
    {"compare", "compare cells or campaigns: ratios with intervals and verdicts", command_compare},
    {"doctor", "say what disturbs this machine, and what to do about it", command_doctor},
    {"export", "write the results as CSV or JSON", command_export},
    {"minheap", "find the smallest heap that a workload runs in on each collector", command_minheap},
    {"characterise", "measure what workloads are like, and how far the suite spreads", command_characterise},
    {"record", "record what a Python program's collector does", command_record},
    {"replay", "run what a recorded Python program allocates on other collectors", command_replay},
    {"tune", "find the knobs for a workload, or the thresholds for a Python program", command_tune},
    {"script", "run a heap script on collectors, or on a real Python interpreter", command_script},
    {"fuzz", "random heap programs against an oracle, or against a real Python interpreter", command_fuzz},
    {"explain", "how collectors work, told on live collectors", command_explain},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

const char *command_store_path(const char *given)
{
  if (given != NULL) return given;
  const char *environment = getenv("GCLAB_STORE");
  return environment != NULL && *environment != '\0' ? environment : "gclab.sqlite";
}

static void print_help(FILE *out)
{
  fputs("Usage: gclab COMMAND [OPTION...]\n"
        "Compares garbage-collection strategies: runs workloads on collectors over ranges of their thresholds,\n"
        "keeps every pause, and draws pause times against the thresholds.\n\n"
        "Commands:\n",
        out);
  for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
  fputs(
      "  help         say more about a command\n"
      "\nOptions:\n"
      "  -?, --help     this help; after a command, the command's\n"
      "  -V, --version  print the version\n"
      "\nFirst steps:\n"
      "  gclab run quick                            a minute's worth of everything\n"
      "  gclab plot                                 the figures from it\n"
      "  gclab list marksweep                       what can be set\n"
      "  gclab run -c refcount_cyclic -w cycles --set threshold0=100,700,5000\n"
      "\nFiles and environment:\n"
      "  GCLAB_STORE       the results database (default gclab.sqlite in this directory); --store FILE comes first\n"
      "  GCLAB_TRIAL_PATH  more directories with trial programs (gclab-trial-*)\n"
      "  GCLAB_PLAN_PATH   more directories with plans\n"
      "  GCLAB_PLOT_PATH   a directory with gnuplot scripts in place of gclab's own\n"
      "  TMPDIR            a directory for files that are removed again (default /tmp)\n"
      "\nExit codes: 0 done; 1 a finding (a damaged series, an expectation not met); 2 wrong usage; 3 a trial failed;\n"
      "4 the environment lacks something; 130 interrupted.\n",
      out);
}

static const struct command *find_command(const char *name)
{
  for (size_t i = 0; i < COMMANDS; i++) {
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  }
  return NULL;
}

static int run_unknown(const char *name)
{
  const char *names[COMMANDS + 1];
  for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
  names[COMMANDS] = "help";
  const char *nearest = setting_nearest(name, names, COMMANDS + 1);
  if (nearest != NULL)
    fprintf(stderr, "gclab: there is no command '%s'; did you mean %s?\n", name, nearest);
  else
    fprintf(stderr, "gclab: there is no command '%s'; 'gclab help' lists them\n", name);
  return EXIT_USAGE;
}

/* A full disk behind standard output is no success. */
static int check_output(int code)
{
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  fprintf(stderr, "gclab: standard output: %s\n", strerror(errno));
  return code == EXIT_DONE ? EXIT_ENVIRONMENT : code;
}

static int run_command(const struct command *command, int argc, char **argv)
{
  char name[64];
  snprintf(name, sizeof name, "gclab %s", command->name);
  argv[0] = name;
  return check_output(command->run(argc, argv));
}

static int run_help(int argc, char **argv)
{
  if (argc < 2) {
    print_help(stdout);
    return check_output(EXIT_DONE);
  }
  const struct command *command = find_command(argv[1]);
  if (command == NULL) return run_unknown(argv[1]);
  char *arguments[] = {NULL, (char[]){"--help"}, NULL};
  return run_command(command, 2, arguments);
}

int main(int argc, char **argv)
{
  argp_err_exit_status = EXIT_USAGE;
  json_set_alloc_funcs(memory_allocate, free); /* a document that lacks something must not pass for one */
  if (argc < 2) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  const char *word = argv[1];
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    puts(argp_program_version);
    return check_output(EXIT_DONE);
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0 || strcmp(word, "-h") == 0) {
    print_help(stdout);
    return check_output(EXIT_DONE);
  }
  if (strcmp(word, "help") == 0) return run_help(argc - 1, argv + 1);
  const struct command *command = find_command(word);
  return command != NULL ? run_command(command, argc - 1, argv + 1) : run_unknown(word);
}
