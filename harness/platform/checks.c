#define _GNU_SOURCE
#include "harness/platform/checks.h"

#include <linux/perf_event.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/text/text.h"

const char *const check_verdict_names[] = {
    [CHECK_FINE] = "fine", [CHECK_DOUBTFUL] = "doubtful", [CHECK_UNKNOWN] = "unknown"};

struct making {
  const struct checks_input *input;
  struct check *list;
  size_t count;
};

static void add(struct making *making, const char *name, enum check_verdict verdict, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(struct making *making, const char *name, enum check_verdict verdict, const char *remedy,
                const char *format, ...)
{
  struct check *check = &making->list[making->count++];
  *check = (struct check){.name = name, .verdict = verdict, .remedy = verdict == CHECK_DOUBTFUL ? remedy : NULL};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check->found, sizeof check->found, format, arguments);
  va_end(arguments);
}

static const char *text_of(const struct making *making, const char *key)
{
  const char *text = json_string_value(json_object_get(making->input->environment, key));
  return text != NULL ? text : "unknown";
}

static bool is_unknown(const char *text) { return strcmp(text, "unknown") == 0; }

static void check_noise(struct making *making)
{
  const struct noise *noise = making->input->noise;
  char longest[TEXT_NUMBER_MAX], each[TEXT_NUMBER_MAX];
  const uint64_t each_ns = noise_each_second_ns(noise);
  add(making, "gaps of the processor", noise_is_doubtful(noise) ? CHECK_DOUBTFUL : CHECK_FINE,
      "stop other programs; on a virtual machine, take one with cores of its own; keep to medians and high numbers of "
      "blocks",
      "%.3f %% of %.1f s lost in %llu gaps, the longest %s; once a second one of %s", 100 * noise_share(noise),
      (double)noise->span_ns / 1e9, (unsigned long long)noise->gaps, text_duration((double)noise->longest_ns, longest),
      each_ns > 0 ? text_duration((double)each_ns, each) : "none");
}

static void check_busy(struct making *making)
{
  char list[CHECK_TEXT_MAX] = "";
  size_t used = 0;
  for (size_t i = 0; i < making->input->busy_count && used < sizeof list - 48; i++)
    used +=
        (size_t)snprintf(list + used, sizeof list - used, "%s%s (%d) %.0f %%", i > 0 ? ", " : "",
                         making->input->busy[i].name, making->input->busy[i].pid, 100 * making->input->busy[i].share);
  if (making->input->busy_count == 0)
    add(making, "other programs", CHECK_FINE, NULL, "none takes more than a tenth of a core");
  else
    add(making, "other programs", CHECK_DOUBTFUL, "stop them while you measure", "%s", list);
}

static void check_steal(struct making *making)
{
  const long long ticks = making->input->steal_ticks;
  if (ticks < 0)
    add(making, "steal", CHECK_UNKNOWN, NULL, "/proc/stat does not say");
  else
    add(making, "steal", ticks > 0 ? CHECK_DOUBTFUL : CHECK_FINE,
        "the hypervisor gives the core to others: another instance, or a dedicated host", "%lld ticks while measured",
        ticks);
}

static void check_cores(struct making *making)
{
  const json_int_t cores = json_integer_value(json_object_get(making->input->environment, "allowed_cores"));
  add(making, "cores", cores >= 2 ? CHECK_FINE : CHECK_DOUBTFUL,
      "trials share their only core with the harness: allow another one (taskset, cgroup)", "%lld that we may use",
      (long long)cores);
}

static void check_clock(struct making *making)
{
  const double read_ns = json_real_value(json_object_get(making->input->environment, "clock_read_ns"));
  add(making, "clock", read_ns > 0 && read_ns < 200 ? CHECK_FINE : CHECK_DOUBTFUL,
      "a reading should take some tens of ns: choose tsc or kvm-clock in "
      "/sys/devices/system/clocksource/clocksource0/current_clocksource",
      "%s, %.0f ns a reading", text_of(making, "clocksource"), read_ns);
}

/* Settings that are one word in a file. */
static const struct {
  const char *name, *key, *good; /* good: what it should begin with; NULL: anything */
  const char *remedy;
} words[] = {
    {"frequency governor", "governor", "performance", "cpupower frequency-set -g performance"},
    {"turbo off", "no_turbo", "1", "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"},
    {"address-space randomisation", "aslr", "2",
     "echo 2 > /proc/sys/kernel/randomize_va_space: one layout is one sample of many"},
    {"swap", "swap", "0 kB", "swapoff -a, or make sure that nothing is swapped while you measure"},
    {"transparent huge pages", "thp", NULL, NULL},
    {"overcommit", "overcommit", NULL, NULL},
    {"load average", "load_average", NULL, NULL},
};

static void check_words(struct making *making)
{
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    const char *found = text_of(making, words[i].key);
    enum check_verdict verdict = is_unknown(found) ? CHECK_UNKNOWN : CHECK_FINE;
    if (verdict == CHECK_FINE && words[i].good != NULL && strncmp(found, words[i].good, strlen(words[i].good)) != 0)
      verdict = CHECK_DOUBTFUL;
    add(making, words[i].name, verdict, words[i].remedy, "%.100s", found);
  }
}

static void check_quota(struct making *making)
{
  char line[128] = "";
  FILE *file = memory_or_null(fopen("/sys/fs/cgroup/cpu.max", "re"));
  if (file != NULL && fgets(line, sizeof line, file) == NULL) *line = '\0';
  if (file != NULL) fclose(file);
  line[strcspn(line, "\n")] = '\0';
  if (*line == '\0')
    add(making, "CPU quota", CHECK_UNKNOWN, NULL, "no /sys/fs/cgroup/cpu.max");
  else
    add(making, "CPU quota", strncmp(line, "max", 3) == 0 ? CHECK_FINE : CHECK_DOUBTFUL,
        "a quota stops trials in the middle: lift it (docker run without --cpus)", "%s", line);
}

static bool has_hardware_counters(void)
{
  struct perf_event_attr attribute = {
      .type = PERF_TYPE_HARDWARE, .size = sizeof attribute, .config = PERF_COUNT_HW_INSTRUCTIONS, .exclude_kernel = 1};
  const long descriptor = syscall(SYS_perf_event_open, &attribute, 0, -1, -1, 0);
  if (descriptor >= 0) close((int)descriptor);
  return descriptor >= 0;
}

static void check_counters(struct making *making)
{
  add(making, "hardware counters", has_hardware_counters() ? CHECK_FINE : CHECK_UNKNOWN, NULL, "%s",
      has_hardware_counters() ? "available" : "not available; 'gclab micro --instructions' counts by callgrind");
}

size_t checks_make(const struct checks_input *input, struct check *list)
{
  struct making making = {.input = input, .list = list};
  check_noise(&making);
  check_busy(&making);
  check_steal(&making);
  check_cores(&making);
  check_quota(&making);
  check_clock(&making);
  check_words(&making);
  check_counters(&making);
  return making.count;
}
