/*
 * progress: what a campaign says while it runs, on standard error.
 *
 * On a terminal, one line that is drawn over and over; elsewhere a plain line now and then.  Failures are told at once.
 */
#ifndef GCLAB_HARNESS_CAMPAIGN_PROGRESS_H
#define GCLAB_HARNESS_CAMPAIGN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
  bool quiet, terminal, colour, drawn;
  size_t done, total;
  uint32_t block, blocks;
  const char *label;  /* of the running trial */
  uint64_t trial_ns;  /* that it will probably take */
  uint64_t others_ns; /* that those after it will */
  uint64_t trial_start_ns;
  uint64_t last_line_ns;
};

/* blocks: how many there will be; 0: that is not known. */
void progress_begin(struct progress *progress, bool quiet, size_t done, size_t total, uint32_t blocks);

/* How often progress_tick is wanted; 0: never. */
uint64_t progress_tick_ns(const struct progress *progress);

/* A trial starts.  label stays valid until the next one. */
void progress_trial(struct progress *progress, uint32_t block, const char *label, uint64_t trial_ns,
                    uint64_t others_ns);
void progress_tick(struct progress *progress, uint64_t permille);
void progress_trial_done(struct progress *progress);

/* Prints a line for good. */
void progress_note(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
void progress_end(struct progress *progress);

#endif
