/*
 * interrupt: signals that ask for an end (SIGINT, SIGTERM, SIGHUP) are read when it suits, not delivered.
 *
 * So what is half done is ended in order: programs that were started are ended, files that were only for them are
 * removed, what was measured or found is kept whole or not at all; and a second Ctrl-C does no harm.  What nohup and
 * the like ignore stays ignored.  A command that watches for it looks between two steps, and ends with
 * INTERRUPT_EXIT_CODE.
 */
#ifndef GCLAB_HARNESS_PROCESS_INTERRUPT_H
#define GCLAB_HARNESS_PROCESS_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

enum { INTERRUPT_EXIT_CODE = 130 };

/* From here on signals are held.  False, with a message, where that does not work. */
bool interrupt_watch(void);

/* Signals are delivered again; those that were held have been obeyed. */
void interrupt_release(void);

/* Was an end asked for?  It stays so until interrupt_release(). */
bool interrupt_is_asked(void);

/* Readable when an end was asked for: for poll, not to be read.  -1: nothing is held, which poll passes over. */
int interrupt_fd(void);

/*
 * The signals that a program which we start holds: what we held before, and SIGINT, since Ctrl-C is for us alone.
 * Returns false where nothing is held, and the program is to have what we have.
 */
bool interrupt_child_mask(sigset_t *mask);

#endif
