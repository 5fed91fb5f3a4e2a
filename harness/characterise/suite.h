/* suite: characterisations in the store: keeping one, and the newest of every workload as a set. */
#ifndef GCLAB_HARNESS_CHARACTERISE_SUITE_H
#define GCLAB_HARNESS_CHARACTERISE_SUITE_H

#include "harness/characterise/pass.h"
#include "harness/store/store.h"

enum { SUITE_ID_MAX = 33 };

struct suite {
  struct characterisation *list; /* by the names of the workloads */
  size_t count;
  char *version, *revision; /* of gclab, of the newest; NULL where there is none */
};

/* The id under which a pass's result is kept: the same request of the same programs has the same. */
void suite_id(const struct pass_request *request, char *id);

/* Keeps it.  False after a message. */
bool suite_put(struct store *store, const struct pass_request *request, enum setting_size size,
               const struct characterisation *characterisation, const char *checksum);

/* The newest of each workload at this size with no parameter changed.  False after a message; none is no failure. */
bool suite_load(struct store *store, enum setting_size size, struct suite *suite);

/* Puts the one with this id, which is in the store, in the place of its workload's. */
bool suite_take(struct store *store, const char *id, struct suite *suite);

void suite_free(struct suite *suite);

#endif
