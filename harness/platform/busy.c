#define _GNU_SOURCE
#include "harness/platform/busy.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

struct sample {
  int pid;
  uint64_t ticks;
  char name[BUSY_NAME_MAX];
};

struct busy {
  uint64_t start_ns;
  struct sample *list;
  size_t count;
};

/* The name stands in brackets and may hold anything; what follows are numbers. */
static bool read_sample(int pid, struct sample *sample)
{
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) return false;
  const size_t got = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[got] = '\0';
  char *open = strchr(line, '('), *close = strrchr(line, ')');
  unsigned long long user = 0, system = 0;
  if (open == NULL || close == NULL || close < open) return false;
  if (sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2) return false;
  *close = '\0';
  *sample = (struct sample){.pid = pid, .ticks = user + system};
  snprintf(sample->name, sizeof sample->name, "%s", open + 1);
  return true;
}

struct busy *busy_begin(void)
{
  struct busy *busy = memory_require(calloc(1, sizeof *busy));
  DIR *processes = memory_or_null(opendir("/proc"));
  busy->start_ns = clock_now_ns();
  for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
    struct sample sample;
    if (!isdigit((unsigned char)*entry->d_name) || !read_sample(atoi(entry->d_name), &sample)) continue;
    busy->list = memory_require(reallocarray(busy->list, busy->count + 1, sizeof *busy->list));
    busy->list[busy->count++] = sample;
  }
  if (processes != NULL) closedir(processes);
  return busy;
}

/* Keeps the list sorted, and at most BUSY_MAX long. */
static size_t insert(struct busy_process *list, size_t count, const struct busy_process *process)
{
  size_t place = count < BUSY_MAX ? count : BUSY_MAX - 1;
  if (count == BUSY_MAX && list[place].share >= process->share) return count;
  for (; place > 0 && list[place - 1].share < process->share; place--) list[place] = list[place - 1];
  list[place] = *process;
  return count < BUSY_MAX ? count + 1 : count;
}

size_t busy_end(struct busy *busy, double least, struct busy_process *list)
{
  const double seconds = (double)(clock_now_ns() - busy->start_ns) / 1e9;
  const double tick_seconds = 1.0 / (double)sysconf(_SC_CLK_TCK);
  size_t count = 0;
  for (size_t i = 0; i < busy->count; i++) {
    struct sample now;
    if (busy->list[i].pid == (int)getpid() || !read_sample(busy->list[i].pid, &now)) continue;
    const double share = (double)(now.ticks - busy->list[i].ticks) * tick_seconds / seconds;
    struct busy_process process = {.pid = now.pid, .share = share};
    memcpy(process.name, now.name, sizeof process.name);
    if (share >= least) count = insert(list, count, &process);
  }
  free(busy->list);
  free(busy);
  return count;
}
