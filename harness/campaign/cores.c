#define _GNU_SOURCE
#include "harness/campaign/cores.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Is `core` in a list such as "0-1,8"? */
static bool list_has(const char *list, int core)
{
  int low = 0;
  int high = 0;
  int used = 0;
  while (sscanf(list, "%d%n", &low, &used) == 1) {
    list += used;
    high = low;
    if (sscanf(list, "-%d%n", &high, &used) == 1) list += used;
    if (core >= low && core <= high) return true;
    if (*list != ',') return false;
    list++;
  }
  return false;
}

/* Are two cores threads of one? */
static bool are_siblings(int a, int b)
{
  char path[96];
  char list[256] = "";
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", a);
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) return false;
  if (fgets(list, sizeof list, file) == NULL) *list = '\0';
  fclose(file);
  return list_has(list, b);
}

void cores_take(struct cores *cores, bool want)
{
  *cores = (struct cores){.trial = -1, .harness = -1};
  if (sched_getaffinity(0, sizeof cores->allowed, &cores->allowed) != 0 || !want) return;
  if (CPU_COUNT(&cores->allowed) < 2) return;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (CPU_ISSET((size_t)core, &cores->allowed)) cores->trial = core;
  }
  for (int core = cores->trial - 1; core >= 0; core--) {
    if (!CPU_ISSET((size_t)core, &cores->allowed)) continue;
    if (cores->harness < 0 || !are_siblings(cores->trial, core)) cores->harness = core;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)cores->harness, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) cores->trial = cores->harness = -1;
}

void cores_give_back(const struct cores *cores)
{
  if (cores->harness >= 0) sched_setaffinity(0, sizeof cores->allowed, &cores->allowed);
}

int64_t cores_steal_ticks(int core)
{
  char name[16] = "cpu";
  if (core >= 0) snprintf(name, sizeof name, "cpu%d", core);
  FILE *file = memory_or_null(fopen("/proc/stat", "re"));
  if (file == NULL) return -1;
  char line[512];
  char word[16];
  int64_t steal = -1;
  while (steal < 0 && fgets(line, sizeof line, file) != NULL && strncmp(line, "cpu", 3) == 0) {
    int64_t read = -1;
    if (sscanf(line, "%15s %*d %*d %*d %*d %*d %*d %*d %" SCNd64, word, &read) == 2 && strcmp(word, name) == 0)
      steal = read;
  }
  fclose(file);
  return steal;
}
