#define _GNU_SOURCE
#include "tests/store/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char *fixture_directory(void)
{
  char path[] = "/tmp/gclab-store-XXXXXX";
  return mkdtemp(path) != NULL ? strdup(path) : NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

void fixture_remove_directory(char *directory)
{
  nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  free(directory);
}

const char *fixture_path(const char *directory, const char *name)
{
  static char paths[4][256];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", directory, name);
  return path;
}

bool fixture_put_campaign(struct store *store, const char *id, const char *name, const char *updated_at)
{
  const struct store_host host = {.id = "host-1", .name = "testbed", .environment = "{}"};
  const struct store_campaign campaign = {.id = id,
                                          .name = name,
                                          .host_id = "host-1",
                                          .plan = "name: test\n",
                                          .command = "gclab run test",
                                          .version = "0.1.0",
                                          .revision = "unknown",
                                          .created_at = updated_at,
                                          .updated_at = updated_at,
                                          .status = "running",
                                          .seed = 1,
                                          .blocks = 2};
  const struct store_cell cells[] = {
      {"cell-a", "none", "0.1.0", "b1", "gcbench", "{}", "{\"depth\":\"16\"}", "{}", "default", "own", 0, NULL},
      {"cell-b", "refcount", "0.1.0", "b2", "gcbench", "{\"step\":\"0\"}", "{}", "{\"step\":\"0\"}", "small", "glibc",
       1, NULL}};
  return store_put_campaign(store, &host, &campaign, cells, 2);
}

struct store_trial fixture_trial(const char *id, const char *campaign_id, int64_t block)
{
  return (struct store_trial){.id = id,
                              .campaign_id = campaign_id,
                              .cell_id = block % 2 == 0 ? "cell-a" : "cell-b",
                              .outcome = "ok",
                              .message = "a message",
                              .started_at = "2026-01-02T03:04:05.678Z",
                              .allocator = "glibc 2.36",
                              .checksum = "00112233445566ff",
                              .record = "{\"format\":\"gclab-record-1\"}",
                              .block = block,
                              .position = 101,
                              .seed = 102,
                              .signal = 103,
                              .wall_ns = 104,
                              .cpu_ns = 105,
                              .gc_ns = 106,
                              .process_ns = 107,
                              .startup_ns = 108,
                              .pauses = 109,
                              .pause_p50_ns = 110,
                              .pause_p99_ns = 111,
                              .pause_max_ns = 112,
                              .allocations = 113,
                              .allocated_bytes = 114,
                              .collections = 115,
                              .held_objects = 116,
                              .held_bytes = 117,
                              .peak_heap_bytes = 118,
                              .peak_footprint_bytes = 119,
                              .vmhwm_bytes = 120,
                              .steal_ticks = 121};
}

char *fixture_capture(void (*act)(void *), void *context)
{
  const int file = memfd_create("stderr", MFD_CLOEXEC);
  const int kept = dup(STDERR_FILENO);
  fflush(stderr);
  dup2(file, STDERR_FILENO);
  act(context);
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  const off_t bytes = lseek(file, 0, SEEK_END);
  char *text = calloc(1, (size_t)bytes + 1);
  if (text != NULL && pread(file, text, (size_t)bytes, 0) != bytes) *text = '\0';
  close(file);
  return text;
}
