#include "harness/process/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int held = -1; /* the descriptor that tells of signals */
static sigset_t mask_before;

bool interrupt_watch(void)
{
  static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
  if (held >= 0) return true;
  sigset_t ending;
  sigemptyset(&ending);
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    struct sigaction before;
    if (sigaction(wanted[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaddset(&ending, wanted[i]);
  }
  held = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  if (held < 0) {
    fprintf(stderr, "gclab: signals cannot be waited for: %s\n", strerror(errno));
    return false;
  }
  sigprocmask(SIG_BLOCK, &ending, &mask_before);
  return true;
}

void interrupt_release(void)
{
  struct signalfd_siginfo one;
  if (held < 0) return;
  while (read(held, &one, sizeof one) > 0) {
  } /* they have been obeyed */
  close(held);
  held = -1;
  sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

bool interrupt_is_asked(void)
{
  struct pollfd file = {.fd = held, .events = POLLIN};
  return held >= 0 && poll(&file, 1, 0) > 0;
}

int interrupt_fd(void) { return held; }

bool interrupt_child_mask(sigset_t *mask)
{
  if (held < 0) return false;
  *mask = mask_before;
  sigaddset(mask, SIGINT);
  return true;
}
