/* words: a command line as text. */
#ifndef GCLAB_HARNESS_CLI_WORDS_H
#define GCLAB_HARNESS_CLI_WORDS_H

/* The command as it can be typed again; argv[0] is "gclab NAME".  To be freed. */
char *words_join(int argc, char **argv);

#endif
