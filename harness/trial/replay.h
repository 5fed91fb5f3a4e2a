/*
 * replay: the file that the workload replay runs (workloads/replay.h), read and checked before the clock starts.
 */
#ifndef GCLAB_HARNESS_TRIAL_REPLAY_H
#define GCLAB_HARNESS_TRIAL_REPLAY_H

#include "harness/trial/trial.h"
#include "workloads/replay.h"

/*
 * Maps the file.  False, after a message that names it: it cannot be read, is no such file, is damaged, or is of
 * another recording than the trial's parameter says.
 */
bool replay_open(const struct trial *trial, const char *path, struct replay_input *replay);
void replay_close(struct replay_input *replay);

#endif
