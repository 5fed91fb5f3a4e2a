#define _GNU_SOURCE
#include "harness/campaign/host.h"

#include <dirent.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/campaign/identity.h"

enum { LINE_MAX_BYTES = 4096 };

/* The first line of a file, without its end; false where it cannot be read. */
static bool first_line(const char *path, char *line, size_t size)
{
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) return false;
  const bool done = fgets(line, (int)size, file) != NULL;
  fclose(file);
  if (done) line[strcspn(line, "\n")] = '\0';
  return done;
}

static void put_text(json_t *object, const char *key, const char *value)
{
  json_t *text = json_string(value);
  json_object_set_new(object, key, text != NULL ? text : json_string("unknown"));
}

static void put_file(json_t *object, const char *key, const char *path)
{
  char line[256];
  put_text(object, key, first_line(path, line, sizeof line) ? line : "unknown");
}

/* "always [madvise] never" -> "madvise" */
static void put_chosen(json_t *object, const char *key, const char *path)
{
  char line[256] = "";
  char *chosen = first_line(path, line, sizeof line) ? strchr(line, '[') : NULL;
  if (chosen != NULL) chosen[strcspn(chosen, "]")] = '\0';
  put_text(object, key, chosen != NULL ? chosen + 1 : "unknown");
}

/* The value of "key : value" or KEY="value" in a file of such lines. */
static bool find_value(const char *path, const char *key, const char *separators, char *value, size_t size)
{
  FILE *file = memory_or_null(fopen(path, "re"));
  if (file == NULL) return false;
  char line[LINE_MAX_BYTES];
  bool found = false;
  const size_t length = strlen(key);
  while (!found && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, key, length) != 0 || line[length + strspn(line + length, separators)] == '\0') continue;
    if (strspn(line + length, separators) == 0) continue;
    const char *begin = line + length + strspn(line + length, separators);
    snprintf(value, size, "%.*s", (int)strcspn(begin, "\"\n"), begin);
    found = true;
  }
  fclose(file);
  return found;
}

static void put_value(json_t *object, const char *key, const char *path, const char *name, const char *separators)
{
  char value[256];
  put_text(object, key, find_value(path, name, separators, value, sizeof value) ? value : "unknown");
}

static json_t *read_caches(void)
{
  json_t *caches = json_object();
  for (int i = 0; i < 8; i++) {
    char path[96];
    char level[16];
    char type[32];
    char size[32];
    char name[64];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", i);
    if (!first_line(path, level, sizeof level)) break;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/type", i);
    if (!first_line(path, type, sizeof type)) continue;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
    if (!first_line(path, size, sizeof size)) continue;
    snprintf(name, sizeof name, "L%s %s", level, type);
    put_text(caches, name, size);
  }
  return caches;
}

static json_t *read_vulnerabilities(void)
{
  json_t *list = json_object();
  static const char directory[] = "/sys/devices/system/cpu/vulnerabilities";
  DIR *entries = memory_or_null(opendir(directory));
  if (entries == NULL) return list;
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    char path[512];
    char line[256];
    if (*entry->d_name == '.') continue;
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    if (first_line(path, line, sizeof line) && strcmp(line, "Not affected") != 0) put_text(list, entry->d_name, line);
  }
  closedir(entries);
  return list;
}

/* Nanoseconds that one reading of the clock takes: every pause has two. */
static double clock_cost_ns(void)
{
  enum { READS = 2000 };
  const uint64_t start_ns = clock_now_ns();
  for (int i = 0; i < READS; i++) clock_now_ns();
  return (double)(clock_now_ns() - start_ns) / READS;
}

/* What the class of the machine is made of; the same on two machines that can stand for each other. */
static json_t *read_class(void)
{
  json_t *class = json_object();
  struct utsname system;
  uname(&system);
  char flags[LINE_MAX_BYTES] = "";
  find_value("/proc/cpuinfo", "flags", "\t :", flags, sizeof flags);
  put_value(class, "cpu", "/proc/cpuinfo", "model name", "\t :");
  put_text(class, "architecture", system.machine);
  json_object_set_new(class, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
  const double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  json_object_set_new(class, "memory_gib", json_integer((json_int_t)(bytes / 0x1p30 + 0.5)));
  put_text(class, "kernel", system.release);
  put_value(class, "os", "/etc/os-release", "PRETTY_NAME", "=\"");
  put_text(class, "libc", gnu_get_libc_version());
  json_object_set_new(class, "hypervisor", json_boolean(strstr(flags, " hypervisor") != NULL));
  put_chosen(class, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
  return class;
}

/* What else may bear on a result, and changes from day to day. */
static void read_rest(json_t *environment)
{
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    json_object_set_new(environment, "allowed_cores", json_integer(CPU_COUNT(&allowed)));
  json_object_set_new(environment, "memory_bytes",
                      json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)));
  json_object_set_new(environment, "caches", read_caches());
  put_value(environment, "swap", "/proc/meminfo", "SwapTotal:", " ");
  put_file(environment, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  put_file(environment, "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo");
  put_file(environment, "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  put_file(environment, "aslr", "/proc/sys/kernel/randomize_va_space");
  put_file(environment, "overcommit", "/proc/sys/vm/overcommit_memory");
  put_file(environment, "load_average", "/proc/loadavg");
  put_value(environment, "microcode", "/proc/cpuinfo", "microcode", "\t :");
  json_object_set_new(environment, "clock_read_ns", json_real(clock_cost_ns()));
  json_object_set_new(environment, "vulnerabilities", read_vulnerabilities());
}

bool host_read(struct host *host)
{
  *host = (struct host){0};
  json_t *class = read_class();
  char *text = json_dumps(class, JSON_COMPACT | JSON_SORT_KEYS);
  identity_hash(text, strlen(text), host->id);
  free(text);
  snprintf(host->name, sizeof host->name, "%.80s, %d cores, %d GiB", json_string_value(json_object_get(class, "cpu")),
           (int)json_integer_value(json_object_get(class, "cores")),
           (int)json_integer_value(json_object_get(class, "memory_gib")));
  read_rest(class);
  host->environment = json_dumps(class, JSON_COMPACT | JSON_REAL_PRECISION(6));
  json_decref(class);
  return host->environment != NULL;
}

void host_free(struct host *host) { free(host->environment); }
