/* A directory for a test's stores, and a campaign to put into them. */
#ifndef GCLAB_TESTS_STORE_FIXTURE_H
#define GCLAB_TESTS_STORE_FIXTURE_H

#include "harness/store/store.h"

/* Makes a temporary directory; remove_directory deletes it with what is in it. */
char *fixture_directory(void);
void fixture_remove_directory(char *directory);

/* DIRECTORY/NAME; static, good until the fourth call after. */
const char *fixture_path(const char *directory, const char *name);

/* Puts the host, a campaign `id` called `name` and two cells, "cell-a" and "cell-b". */
bool fixture_put_campaign(struct store *store, const char *id, const char *name, const char *updated_at);

/* A trial with every column set, of cell-a where block is even and of cell-b where it is odd. */
struct store_trial fixture_trial(const char *id, const char *campaign_id, int64_t block);

/* What has been printed on standard error while `act` ran, malloc'ed. */
char *fixture_capture(void (*act)(void *), void *context);

#endif
