/* The table of benchmarks, and the working sets by cache level. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "harness/micro/micro.h"

struct micro_benchmark *micro_add(struct micro_table *table, const struct micro_benchmark *row, const char *format, ...)
{
  if (table->count == table->capacity) {
    table->capacity = table->capacity * 2 + 64;
    table->rows = memory_require(reallocarray(table->rows, table->capacity, sizeof *table->rows));
  }
  struct micro_benchmark *added = &table->rows[table->count++];
  *added = *row;
  if (added->limit_scale == 0) added->limit_scale = 1;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(added->name, sizeof added->name, format, arguments);
  va_end(arguments);
  return added;
}

const char *micro_level_name(enum micro_level level)
{
  static const char *const names[MICRO_LEVELS] = {"L2", "last_level", "memory"};
  return names[level];
}

static int64_t cache_bytes(int name, int64_t otherwise)
{
  const long bytes = sysconf(name);
  return bytes > 0 ? (int64_t)bytes : otherwise;
}

/*
 * Half of the second level; a quarter of the last, which is shared with other cores, but four times the second at
 * least; twice the last, and 64 MiB at least.  Rounded down to a power of two objects; with 23 bits at most (256 MiB).
 */
unsigned micro_level_bits(enum micro_level level, enum micro_size size)
{
  const int64_t l2 = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20);
  const int64_t last = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 32 << 20);
  const int64_t least_last = 4 * l2;
  const int64_t least_memory = (int64_t)64 << 20;
  const int64_t bytes[MICRO_LEVELS] = {l2 / 2, last / 4 > least_last ? last / 4 : least_last,
                                       last * 2 > least_memory ? last * 2 : least_memory};
  const unsigned most = size == MICRO_SMALL ? 12 : 23;
  unsigned bits = 8;
  while (bits < most && (int64_t)MICRO_OBJECT_BYTES << (bits + 1) <= bytes[level]) bits++;
  return bits;
}
