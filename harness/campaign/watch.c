#define _GNU_SOURCE
#include "harness/campaign/watch.h"

#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

enum { SAMPLE_INTERVAL_NS = 10000000 };

/* When the next thing of each sort is due. */
struct schedule {
  uint64_t deadline_ns, sample_ns, tick_ns;
  uint64_t sample_interval_ns;
  uint64_t origin_ns, counters_address; /* of the journal's head; 0: not known yet */
  bool cannot_sample;
};

static void keep_output(struct watch *watch, const char *text, size_t length)
{
  const size_t used = strlen(watch->output);
  if (length > WATCH_OUTPUT_MAX) {
    text += length - WATCH_OUTPUT_MAX;
    length = WATCH_OUTPUT_MAX;
  }
  const size_t excess = used + length > WATCH_OUTPUT_MAX ? used + length - WATCH_OUTPUT_MAX : 0;
  memmove(watch->output, watch->output + excess, used - excess);
  memcpy(watch->output + used - excess, text, length);
  watch->output[used - excess + length] = '\0';
}

/* Reads what there is; NULs become spaces, as the text is a string.  False: there will be no more. */
static bool drain(int output, struct watch *watch)
{
  char text[4096];
  ssize_t length = 0;
  /* One round of a pipe's size at a time, so that a trial that prints without end cannot hold the watch up. */
  for (int i = 0; i < 16 && (length = read(output, text, sizeof text)) > 0; i++) {
    for (ssize_t k = 0; k < length; k++) {
      if (text[k] == '\0') text[k] = ' ';
    }
    keep_output(watch, text, (size_t)length);
  }
  return length != 0;
}

static bool find_counters(const struct process *process, struct schedule *schedule)
{
  if (schedule->counters_address != 0) return true;
  struct journal_head head;
  const size_t bytes = offsetof(struct journal_head, short_histogram);
  if (pread(process->journal_fd, &head, bytes, 0) != (ssize_t)bytes || head.magic != JOURNAL_MAGIC) return false;
  schedule->origin_ns = head.origin_ns;
  schedule->counters_address = head.counters_address;
  return head.counters_address != 0;
}

static void make_room(struct watch *watch, struct schedule *schedule)
{
  if (watch->sample_count < WATCH_SAMPLES_MAX) return;
  for (size_t i = 1; i < WATCH_SAMPLES_MAX / 2; i++) watch->samples[i] = watch->samples[2 * i];
  watch->sample_count = WATCH_SAMPLES_MAX / 2;
  schedule->sample_interval_ns *= 2;
}

static void sample(const struct process *process, struct schedule *schedule, struct watch *watch)
{
  if (schedule->cannot_sample || !find_counters(process, schedule)) return;
  struct gc_counters counters;
  const struct iovec here = {.iov_base = &counters, .iov_len = sizeof counters};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process
  const struct iovec there = {.iov_base = (void *)(uintptr_t)schedule->counters_address, .iov_len = sizeof counters};
  const uint64_t now_ns = clock_now_ns();
  if (process_vm_readv(process->pid, &here, 1, &there, 1, 0) != (ssize_t)sizeof counters) {
    schedule->cannot_sample = true;
    return;
  }
  watch->counters = counters;
  watch->has_counters = true;
  if (now_ns < schedule->origin_ns) return;
  make_room(watch, schedule);
  watch->samples[watch->sample_count++] = (struct store_heap_sample){.time_ns = now_ns - schedule->origin_ns,
                                                                     .heap_bytes = counters.heap_bytes,
                                                                     .footprint_bytes = counters.footprint_bytes,
                                                                     .allocated_bytes = counters.allocated_bytes,
                                                                     .freed_bytes = counters.freed_bytes};
}

/* Until the first of what is due; forever where nothing is. */
static const struct timespec *time_left(const struct schedule *schedule, uint64_t now_ns, struct timespec *left)
{
  uint64_t next_ns = UINT64_MAX;
  const uint64_t due_ns[] = {schedule->deadline_ns, schedule->sample_ns, schedule->tick_ns};
  for (int i = 0; i < 3; i++) {
    if (due_ns[i] != 0 && due_ns[i] < next_ns) next_ns = due_ns[i];
  }
  if (next_ns == UINT64_MAX) return NULL;
  const uint64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
  *left = (struct timespec){.tv_sec = (time_t)(wait_ns / 1000000000u), .tv_nsec = (long)(wait_ns % 1000000000u)};
  return left;
}

static void do_what_is_due(const struct process *process, const struct watch_options *options,
                           struct schedule *schedule, struct watch *watch)
{
  const uint64_t now_ns = clock_now_ns();
  if (schedule->deadline_ns != 0 && now_ns >= schedule->deadline_ns) {
    sample(process, schedule, watch); /* the last that can be known of it */
    watch->timed_out = true;
    launch_kill(process);
    schedule->deadline_ns = schedule->sample_ns = schedule->tick_ns = 0;
    return;
  }
  if (schedule->sample_ns != 0 && now_ns >= schedule->sample_ns) {
    sample(process, schedule, watch);
    schedule->sample_ns = schedule->cannot_sample ? 0 : now_ns + schedule->sample_interval_ns;
  }
  if (schedule->tick_ns != 0 && now_ns >= schedule->tick_ns) {
    options->tick(options->context, watch->has_counters ? watch->counters.progress_permille : 0);
    schedule->tick_ns = now_ns + options->tick_ns;
  }
}

void watch_until_end(struct process *process, const struct watch_options *options, struct watch *watch)
{
  memset(watch, 0, sizeof *watch);
  struct schedule schedule = {
      .deadline_ns = options->time_limit_ns != 0 ? process->start_ns + options->time_limit_ns : 0,
      .sample_ns = process->start_ns + SAMPLE_INTERVAL_NS,
      .tick_ns = options->tick_ns != 0 ? process->start_ns + options->tick_ns : 0,
      .sample_interval_ns = SAMPLE_INTERVAL_NS,
  };
  struct pollfd files[] = {{.fd = process->pid_fd, .events = POLLIN},
                           {.fd = process->output, .events = POLLIN},
                           {.fd = options->interrupt_fd, .events = POLLIN}};
  for (;;) {
    struct timespec left;
    const int ready = ppoll(files, 3, time_left(&schedule, clock_now_ns(), &left), NULL);
    if (ready > 0 && files[0].revents != 0) break;
    if (ready > 0 && files[1].revents != 0 && !drain(process->output, watch)) files[1].fd = -1;
    if (ready > 0 && files[2].revents != 0) {
      watch->interrupted = true;
      launch_kill(process);
      files[2].fd = -1;
      schedule.deadline_ns = schedule.sample_ns = schedule.tick_ns = 0;
    }
    do_what_is_due(process, options, &schedule, watch);
  }
  watch->process_ns = clock_now_ns() - process->start_ns;
  watch->status = launch_reap(process);
  drain(process->output, watch);
}
