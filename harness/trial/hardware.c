#define _GNU_SOURCE
#include "harness/trial/hardware.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/trial/document.h"

#define CACHE_MISS(cache)                                                                                              \
  ((uint64_t)(cache) | (uint64_t)PERF_COUNT_HW_CACHE_OP_READ << 8 | (uint64_t)PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

static const struct {
  const char *name;
  uint32_t type;
  uint64_t config;
} counters[HARDWARE_COUNTERS] = {
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"l1d_misses", PERF_TYPE_HW_CACHE, CACHE_MISS(PERF_COUNT_HW_CACHE_L1D)},
    {"dtlb_misses", PERF_TYPE_HW_CACHE, CACHE_MISS(PERF_COUNT_HW_CACHE_DTLB)},
};

static int open_counter(uint32_t type, uint64_t config)
{
  struct perf_event_attr attributes = {.type = type,
                                       .size = sizeof attributes,
                                       .config = config,
                                       .disabled = 1,
                                       .exclude_kernel = 1,
                                       .exclude_hv = 1,
                                       .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING};
  return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void hardware_open(struct hardware *hardware)
{
  *hardware = (struct hardware){0};
  for (int i = 0; i < HARDWARE_COUNTERS; i++) {
    hardware->fds[i] = open_counter(counters[i].type, counters[i].config);
    if (hardware->fds[i] < 0 && hardware->reason == 0) hardware->reason = errno;
  }
}

static void order(const struct hardware *hardware, unsigned long request)
{
  for (int i = 0; i < HARDWARE_COUNTERS; i++) {
    if (hardware->fds[i] >= 0) ioctl(hardware->fds[i], request, 0);
  }
}

void hardware_start(const struct hardware *hardware) { order(hardware, PERF_EVENT_IOC_ENABLE); }

void hardware_stop(const struct hardware *hardware) { order(hardware, PERF_EVENT_IOC_DISABLE); }

static json_t *count_of(int fd)
{
  struct {
    uint64_t value, enabled_ns, running_ns;
  } count;
  if (fd < 0 || read(fd, &count, sizeof count) != (ssize_t)sizeof count || count.running_ns == 0) return json_null();
  return json_integer((json_int_t)((double)count.value * (double)count.enabled_ns / (double)count.running_ns));
}

json_t *hardware_describe(const struct hardware *hardware)
{
  json_t *object = json_object();
  bool any = false;
  for (int i = 0; i < HARDWARE_COUNTERS; i++) any |= hardware->fds[i] >= 0;
  if (!any) {
    document_set(object, "unavailable", json_string(strerror(hardware->reason)));
    return object;
  }
  for (int i = 0; i < HARDWARE_COUNTERS; i++) document_set(object, counters[i].name, count_of(hardware->fds[i]));
  return object;
}

void hardware_close(struct hardware *hardware)
{
  for (int i = 0; i < HARDWARE_COUNTERS; i++) {
    if (hardware->fds[i] >= 0) close(hardware->fds[i]);
    hardware->fds[i] = -1;
  }
}
