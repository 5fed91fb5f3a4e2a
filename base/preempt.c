#include "base/preempt.h"

#include <stddef.h>

#if defined(__linux__) && defined(__x86_64__) && __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define HAVE_RSEQ 1
#endif

static uint64_t nobody; /* a word that the kernel does not know */
static volatile uint64_t *kernel_word = &nobody;

volatile uint64_t *preempt_word = &nobody;
uint64_t preempt_armed;

#ifdef HAVE_RSEQ

/* Where the kernel would send a thread that it found in the section: it looks for the signature in front of it. */
static const uint32_t landing[] = {RSEQ_SIG, 0, 0, 0};

static struct rseq_cs section;

bool preempt_start(void)
{
  if (__rseq_size == 0) return false; /* another library has it, the kernel is too old, or valgrind runs us */
  struct rseq *area = (struct rseq *)(void *)((char *)__builtin_thread_pointer() + __rseq_offset);
  section.start_ip = (uintptr_t)&landing[2]; /* data: no code ever runs there */
  section.post_commit_offset = 1;
  section.abort_ip = (uintptr_t)&landing[1];
  preempt_armed = (uintptr_t)&section;
  kernel_word = (volatile uint64_t *)(volatile void *)&area->rseq_cs;
  preempt_word = kernel_word;
  preempt_arm();
  return true;
}

#else

bool preempt_start(void) { return false; }

#endif

void preempt_suspend(void)
{
  preempt_arm();
  nobody = preempt_armed;
  preempt_word = &nobody;
}

bool preempt_resume(void)
{
  preempt_word = kernel_word;
  return preempt_seen();
}
