/* SQLite takes its memory from us too: where the gclab command is under test, its allocations fail like the others. */
#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>

static void *allocate(int bytes) { return malloc((size_t)bytes); }

static void *reallocate(void *memory, int bytes) { return realloc(memory, (size_t)bytes); }

static int size_of(void *memory) { return memory != NULL ? (int)malloc_usable_size(memory) : 0; }

static int round_up(int bytes) { return (bytes + 7) & ~7; }

static int begin(void *context)
{
  (void)context;
  return SQLITE_OK;
}

static void end(void *context) { (void)context; }

static __attribute__((constructor)) void start(void)
{
  static const struct sqlite3_mem_methods methods = {
      .xMalloc = allocate,
      .xFree = free,
      .xRealloc = reallocate,
      .xSize = size_of,
      .xRoundup = round_up,
      .xInit = begin,
      .xShutdown = end,
  };
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
