/*
 * preempt: did the system take the processor away from this thread since some moment?  Asking costs a store and a load.
 *
 * Linux has restartable sequences (rseq(2), 4.18 on; glibc 2.35 on registers them for every thread): a word in memory
 * that is shared with the kernel names a section of code that must not be interrupted.  Whenever the thread is
 * switched out, moved to another core or takes a signal while it is elsewhere, the kernel clears the word.  So a word
 * that names a section in which nobody ever is, is still there at the end exactly if nothing of that kind has happened.
 * What a hypervisor takes away it does not see.
 *
 * Other users of the word in this thread (restartable sequences of an allocator) would clear it, too; the allocators
 * that gclab runs on have none.  One thread: the one that called preempt_start.
 */
#ifndef GCLAB_BASE_PREEMPT_H
#define GCLAB_BASE_PREEMPT_H

#include <stdbool.h>
#include <stdint.h>

/* The word to arm and to look at: the kernel's, or one that nobody clears. */
extern volatile uint64_t *preempt_word;
extern uint64_t preempt_armed; /* what an armed word holds */

/* Begins to watch the calling thread; false: this system cannot tell, and nothing is ever seen. */
bool preempt_start(void);

/* From now on. */
static inline void preempt_arm(void) { *preempt_word = preempt_armed; }

/* Has it happened since preempt_arm? */
static inline bool preempt_seen(void) { return *preempt_word != preempt_armed; }

/*
 * Until preempt_resume, preempt_arm and preempt_seen do nothing and see nothing: what happens inside of something that
 * is watched as a whole does not disturb it.  preempt_resume says whether the whole saw anything.
 */
void preempt_suspend(void);
bool preempt_resume(void);

#endif
