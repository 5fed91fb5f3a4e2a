/* host: what is known of the machine. */
#ifndef GCLAB_HARNESS_CAMPAIGN_HOST_H
#define GCLAB_HARNESS_CAMPAIGN_HOST_H

#include <stdbool.h>

struct host {
  char id[33];       /* hash of what defines the class of machine (docs/schema.md) */
  char name[128];    /* "Intel Xeon ..., 2 cores, 8 GiB" */
  char *environment; /* JSON */
};

/* False: no memory. */
bool host_read(struct host *host);
void host_free(struct host *host);

#endif
