/*
 * recorder: a CPython extension that writes down what the collector of the running interpreter counts.
 *
 * It hooks the allocator of objects and reads the state of the collector, and changes neither the program nor what the
 * collector does: it allocates nothing through Python between two collections.  Which allocations are counted is not
 * said to an allocator; it shows at the next event, since generations[0].count has gone up by one then.
 *
 * INVARIANTS
 *  - `pending` is the last address that was allocated, while it is not known whether the collector counts it;
 *    `pending_count` is count[0] as it was before.  Any event settles it first.
 *  - `table` maps the address of each living object that is counted (that of its memory, headers included) to its
 *    number.
 *  - header->bytes is behind the last whole event in the file.
 *
 * Built for one minor version of CPython, since it reads the interpreter's own structures.
 */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE_MODULE 1
#include <Python.h>
#include <internal/pycore_interp.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/recording/recording_format.h"

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030C0000
#error "the recorder reads structures of CPython 3.11"
#endif

enum {
  WINDOW_BYTES = 1 << 20,         /* of the file that is mapped at a time */
  EVENT_BYTES_MAX = 128,          /* no event is longer */
  RESIDENT_INTERVAL_NS = 5000000, /* resident memory is asked for no more often: it takes a microsecond */
  GRAPH_PART = 20,                /* a snapshot comes when so many times what the last one took has passed */
  TABLE_FIRST = 1 << 16,
  TIMED_EVERY = 16
};

struct entry {
  uintptr_t address; /* 0: free */
  uint64_t number;
};

static struct {
  bool is_on, was_forked; /* was_forked: in a child, until it has a file of its own */
  int file;
  struct recording_header *header;
  uint8_t *window;       /* NULL: none */
  uint64_t window_start; /* in the file, of the window */
  size_t used;           /* of the window */
  struct entry *table;
  size_t table_size, table_used; /* size: a power of two */
  uint64_t next_number;
  uint64_t run; /* allocations not yet written */
  uintptr_t pending;
  int pending_count, last_count;
  uint64_t last_ns, start_ns, resident_ns;
  uint64_t sweeps, sweep_ns; /* of this collection: frees, and the time of those that were timed */
  uint64_t clock_ns;         /* that took to be timed */
  int thresholds[3], enabled;
  uint64_t frozen;
  bool takes_graphs;
  uint64_t graph_due_ns, graph_object; /* graph_object: number of the last object in the snapshot */
  struct _gc_runtime_state *gc;
  PyMemAllocatorEx original;
  char directory[4000];
} recorder;

static uint64_t now_ns(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static size_t table_home(uintptr_t address)
{
  return (size_t)((address >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (recorder.table_size - 1);
}

static struct entry *table_find(uintptr_t address)
{
  size_t at = table_home(address);
  while (recorder.table[at].address != 0 && recorder.table[at].address != address)
    at = (at + 1) & (recorder.table_size - 1);
  return &recorder.table[at];
}

static struct entry *table_map(size_t size)
{
  void *memory = mmap(NULL, size * sizeof(struct entry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static bool table_grow(void)
{
  struct entry *old = recorder.table;
  const size_t old_size = recorder.table_size;
  struct entry *table = table_map(old_size * 2);
  if (table == NULL) return false;
  recorder.table = table;
  recorder.table_size = old_size * 2;
  for (size_t i = 0; i < old_size; i++) {
    if (old[i].address != 0) *table_find(old[i].address) = old[i];
  }
  munmap(old, old_size * sizeof(struct entry));
  return true;
}

static void recorder_give_up(const char *why);

static void table_add(uintptr_t address, uint64_t number)
{
  if (recorder.table_used * 2 >= recorder.table_size && !table_grow()) {
    recorder_give_up("no memory for its table of objects");
    return;
  }
  struct entry *entry = table_find(address);
  if (entry->address == 0) recorder.table_used++;
  *entry = (struct entry){address, number};
}

/* Closes the gap, so that no probe ends early (Knuth, 6.4, algorithm R). */
static void table_remove(struct entry *entry)
{
  const size_t mask = recorder.table_size - 1;
  size_t gap = (size_t)(entry - recorder.table);
  for (size_t at = (gap + 1) & mask; recorder.table[at].address != 0; at = (at + 1) & mask) {
    const size_t home = table_home(recorder.table[at].address);
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    recorder.table[gap] = recorder.table[at];
    gap = at;
  }
  recorder.table[gap].address = 0;
  recorder.table_used--;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static bool window_map(uint64_t start)
{
  if (recorder.window != NULL) munmap(recorder.window, WINDOW_BYTES);
  recorder.window = NULL;
  errno = posix_fallocate(recorder.file, (off_t)start, WINDOW_BYTES); /* or a full disk would be a SIGBUS later */
  if (errno != 0) return false;
  void *memory = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, recorder.file, (off_t)start);
  if (memory == MAP_FAILED) return false;
  recorder.window = memory;
  recorder.window_start = start;
  recorder.used = 0;
  return true;
}

static void put_number(uint64_t number)
{
  if (recorder.window == NULL) return;
  uint8_t *at = recorder.window + recorder.used;
  while (number >= 0x80) {
    *at++ = (uint8_t)(number | 0x80);
    number >>= 7;
  }
  *at++ = (uint8_t)number;
  recorder.used = (size_t)(at - recorder.window);
}

/* Where the window is nearly full the next one starts at the page that this event ends in. */
static void event_end(void)
{
  if (recorder.window == NULL) return;
  recorder.header->bytes = recorder.window_start + recorder.used - RECORDING_HEADER_BYTES;
  if (recorder.used + EVENT_BYTES_MAX <= WINDOW_BYTES) return;
  const size_t kept = recorder.used & ~(size_t)4095, rest = recorder.used & 4095;
  if (!window_map(recorder.window_start + kept)) {
    recorder_give_up("the file cannot grow (is the disk full?)");
    return;
  }
  recorder.used = rest;
}

static void put_tag(enum recording_tag tag, uint64_t argument) { put_number(argument << 3 | (uint64_t)tag); }

static void flush_run(void)
{
  if (recorder.run == 0) return;
  const uint64_t run = recorder.run;
  recorder.run = 0;
  put_tag(TAG_ALLOCATE, run);
  event_end();
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static void note_object(uintptr_t address)
{
  recorder.run++;
  table_add(address, recorder.next_number++);
}

/* Is the youngest tracked object the one in this memory?  Behind the headers of 16 or 32 bytes. */
static bool is_youngest(uintptr_t address)
{
  const uintptr_t youngest = recorder.gc->generation0->_gc_prev & ~(uintptr_t)3;
  return youngest == address || youngest == address + 16;
}

/*
 * Settles whether the last allocation is counted.  count[0] has gone up by one if so, unless it has been decremented
 * since, for the object that is about to be freed; from zero it is not decremented, and then the list is asked.
 */
static void settle(bool frees_object)
{
  if (recorder.pending == 0) return;
  const uintptr_t address = recorder.pending;
  recorder.pending = 0;
  const int count = recorder.gc->generations[0].count;
  bool is_counted = count == recorder.pending_count + 1;
  if (frees_object) {
    is_counted = recorder.pending_count > 0 ? count == recorder.pending_count : count == 0 && is_youngest(address);
  }
  if (is_counted) note_object(address);
}

static void await(void *memory)
{
  recorder.pending = (uintptr_t)memory;
  recorder.pending_count = recorder.last_count = recorder.gc->generations[0].count;
}

static void *hook_malloc(void *context, size_t bytes)
{
  (void)context;
  settle(false);
  void *memory = recorder.original.malloc(recorder.original.ctx, bytes);
  if (memory != NULL && recorder.is_on) await(memory);
  return memory;
}

static void *hook_calloc(void *context, size_t count, size_t bytes)
{
  (void)context;
  settle(false);
  void *memory = recorder.original.calloc(recorder.original.ctx, count, bytes);
  if (memory != NULL && recorder.is_on) await(memory);
  return memory;
}

static void *hook_realloc(void *context, void *memory, size_t bytes)
{
  (void)context;
  if (memory == NULL) return hook_malloc(context, bytes);
  settle(false);
  uint64_t number = UINT64_MAX;
  if (recorder.is_on) {
    struct entry *entry = table_find((uintptr_t)memory);
    if (entry->address != 0) {
      number = entry->number;
      table_remove(entry);
    }
  }
  void *moved = recorder.original.realloc(recorder.original.ctx, memory, bytes);
  if (number != UINT64_MAX && recorder.is_on) table_add((uintptr_t)(moved != NULL ? moved : memory), number);
  recorder.last_count = recorder.gc->generations[0].count;
  return moved;
}

static void note_free(uintptr_t address)
{
  if (recorder.pending == address) settle(false);
  struct entry *entry = table_find(address);
  const bool is_known = entry->address != 0;
  const bool had_pending = recorder.pending != 0;
  settle(is_known);
  const bool is_unknown_object = !is_known && !had_pending && recorder.last_count > 0 &&
                                 recorder.gc->generations[0].count == recorder.last_count - 1;
  if (is_known || is_unknown_object) {
    entry = table_find(address); /* settling may have moved it */
    const uint64_t age = is_known ? recorder.next_number - entry->number : 0;
    if (is_known) table_remove(entry);
    flush_run();
    put_tag(recorder.gc->collecting ? TAG_SWEEP : TAG_FREE, age);
    event_end();
  }
  recorder.last_count = recorder.gc->generations[0].count;
}

/*
 * While a collection frees, what the recorder does is in its pause.  One in so many is timed, so that it can be taken
 * out again.
 */
static void note_free_in_pause(uintptr_t address)
{
  if (recorder.sweeps++ % TIMED_EVERY != 0) {
    note_free(address);
    return;
  }
  const uint64_t before = now_ns(), start = now_ns();
  note_free(address);
  const uint64_t time = now_ns() - start, clock = start - before;
  recorder.sweep_ns += time > clock ? time - clock : 0;
  recorder.clock_ns += 3 * clock;
}

static void hook_free(void *context, void *memory)
{
  (void)context;
  if (memory != NULL && recorder.is_on) {
    if (recorder.gc->collecting) {
      note_free_in_pause((uintptr_t)memory);
    } else {
      note_free((uintptr_t)memory);
    }
  }
  recorder.original.free(recorder.original.ctx, memory);
}

/* ---- collections ------------------------------------------------------------------------------------------------ */

/* What a program may do to the collector without a collection is looked for at each one. */
static void note_settings(void)
{
  const struct _gc_runtime_state *gc = recorder.gc;
  bool is_changed = recorder.enabled != gc->enabled;
  for (int g = 0; g < 3; g++) is_changed |= recorder.thresholds[g] != gc->generations[g].threshold;
  if (!is_changed) return;
  recorder.enabled = gc->enabled;
  put_tag(TAG_SETTING, (uint64_t)gc->enabled);
  for (int g = 0; g < 3; g++) {
    recorder.thresholds[g] = gc->generations[g].threshold;
    put_number((uint64_t)(recorder.thresholds[g] < 0 ? 0 : recorder.thresholds[g]));
  }
  event_end();
}

/* Lists of generations are of integers that are addresses, with flags in their low bits in `prev` alone. */
static const PyGC_Head *next_of(const PyGC_Head *head)
{
  return (const PyGC_Head *)head->_gc_next; /* NOLINT(performance-no-int-to-ptr) */
}

static uint64_t list_length(const PyGC_Head *head)
{
  uint64_t length = 0;
  for (const PyGC_Head *at = next_of(head); at != head; at = next_of(at)) length++;
  return length;
}

/* The permanent generation is only walked where its end has moved. */
static void note_freeze(void)
{
  static uintptr_t last;
  const PyGC_Head *head = &recorder.gc->permanent_generation.head;
  if (head->_gc_prev == last) return;
  last = head->_gc_prev;
  const uint64_t frozen = list_length(head);
  if (frozen == recorder.frozen) return;
  recorder.frozen = frozen;
  put_tag(TAG_FREEZE, frozen);
  event_end();
}

static uint64_t resident_kib(uint64_t now)
{
  if (now - recorder.resident_ns < RESIDENT_INTERVAL_NS) return 0;
  recorder.resident_ns = now;
  char text[128];
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  unsigned long long total = 0, resident = 0;
  if (length <= 0) return 0;
  text[length] = '\0';
  if (sscanf(text, "%llu %llu", &total, &resident) != 2) return 0;
  return resident * (uint64_t)(sysconf(_SC_PAGESIZE) / 1024);
}

static uint64_t count_or_zero(int count) { return count < 0 ? 0 : (uint64_t)count; }

/* count[] is not reset yet when callbacks are told of the start (gcmodule.c, gc_collect_with_callback). */
static void note_start(int generation)
{
  const struct _gc_runtime_state *gc = recorder.gc;
  settle(false);
  flush_run();
  note_settings();
  note_freeze();
  const bool is_automatic = gc->enabled && gc->generations[0].threshold != 0 &&
                            gc->generations[0].count > gc->generations[0].threshold &&
                            gc->generations[generation].count > gc->generations[generation].threshold;
  const uint64_t now = now_ns();
  put_tag(TAG_START, (uint64_t)generation + (is_automatic ? 4 : 0));
  put_number(now - recorder.last_ns);
  for (int g = 0; g < 3; g++) put_number(count_or_zero(gc->generations[g].count));
  put_number((uint64_t)gc->long_lived_pending);
  put_number((uint64_t)gc->long_lived_total);
  event_end();
  recorder.last_ns = recorder.start_ns = recorder.header->end_ns = now;
  recorder.last_count = gc->generations[0].count;
  recorder.sweeps = recorder.sweep_ns = recorder.clock_ns = 0;
}

static void note_stop(uint64_t collected, uint64_t uncollectable)
{
  const uint64_t now = now_ns();
  settle(false);
  flush_run();
  put_tag(TAG_STOP, collected);
  put_number(now - recorder.start_ns);
  put_number(uncollectable);
  put_number(resident_kib(now));
  put_number(recorder.sweep_ns * TIMED_EVERY + recorder.clock_ns);
  event_end();
  recorder.last_ns = recorder.header->end_ns = now;
  recorder.last_count = recorder.gc->generations[0].count;
}

static size_t header_length(const PyObject *object)
{
  const bool has_managed_dict = (Py_TYPE(object)->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
  return sizeof(PyGC_Head) + (has_managed_dict ? 2 * sizeof(PyObject *) : 0);
}

/* ---- snapshots of the object graph ------------------------------------------------------------------------------ */

static uint64_t zigzag(uint64_t from, uint64_t to) { return to >= from ? 2 * (to - from) : 2 * (from - to) - 1; }

static void put_graph(enum recording_graph_part part, uint64_t value)
{
  put_tag(TAG_GRAPH, value << 2 | (uint64_t)part);
  event_end();
}

/* The number of an object that the collector counts; false: it has none. */
static bool number_of(const PyObject *object, uint64_t *number)
{
  const struct entry *entry = table_find((uintptr_t)object - header_length(object));
  *number = entry->number;
  return entry->address != 0;
}

static int note_reference(PyObject *to, void *context)
{
  (void)context;
  uint64_t number = 0;
  if (recorder.is_on && PyObject_IS_GC(to) && number_of(to, &number))
    put_graph(GRAPH_REFERENCE, zigzag(recorder.graph_object, number));
  return 0;
}

/* What a full collection has left is in its generation.  Traversal reads, and runs nothing of the program's. */
static void note_graph(void)
{
  const PyGC_Head *head = &recorder.gc->generations[2].head;
  const uint64_t start = now_ns();
  recorder.graph_object = 0;
  put_graph(GRAPH_BEGIN, 0);
  for (const PyGC_Head *at = next_of(head); at != head && recorder.is_on; at = next_of(at)) {
    PyObject *object = (PyObject *)(at + 1);
    uint64_t number = 0;
    if (!number_of(object, &number)) continue;
    put_graph(GRAPH_OBJECT, zigzag(recorder.graph_object, number));
    recorder.graph_object = number;
    Py_TYPE(object)->tp_traverse(object, note_reference, NULL);
  }
  const uint64_t end = now_ns();
  put_graph(GRAPH_END, end - recorder.last_ns); /* since the collection's end, so that no time is lost */
  recorder.graph_due_ns = end + GRAPH_PART * (end - start);
  recorder.last_ns = recorder.header->end_ns = end;
}

static uint64_t info_number(PyObject *info, const char *key)
{
  PyObject *value = PyDict_GetItemString(info, key);
  const long number = value == NULL ? 0 : PyLong_AsLong(value);
  return number < 0 ? 0 : (uint64_t)number;
}

static PyObject *callback(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
  (void)self;
  if (!recorder.is_on || count != 2 || !PyDict_Check(arguments[1])) Py_RETURN_NONE;
  const char *phase = PyUnicode_AsUTF8(arguments[0]);
  if (phase == NULL) return NULL;
  if (strcmp(phase, "start") == 0) {
    note_start((int)info_number(arguments[1], "generation"));
  } else {
    note_stop(info_number(arguments[1], "collected"), info_number(arguments[1], "uncollectable"));
    const bool is_full = info_number(arguments[1], "generation") == 2;
    if (recorder.takes_graphs && is_full && recorder.is_on && now_ns() >= recorder.graph_due_ns) note_graph();
  }
  Py_RETURN_NONE;
}

/* ---- start and end ---------------------------------------------------------------------------------------------- */

static void unhook(void)
{
  PyMemAllocatorEx current;
  PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &current);
  if (current.malloc == hook_malloc) PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &recorder.original);
}

static void recorder_close(void)
{
  recorder.is_on = false;
  if (recorder.window != NULL) munmap(recorder.window, WINDOW_BYTES);
  if (recorder.header != NULL) munmap(recorder.header, RECORDING_HEADER_BYTES);
  if (recorder.table != NULL) munmap(recorder.table, recorder.table_size * sizeof(struct entry));
  if (recorder.file > 0) close(recorder.file);
  recorder.window = NULL;
  recorder.header = NULL;
  recorder.table = NULL;
  recorder.file = 0;
  recorder.pending = 0;
  recorder.run = 0;
}

static void recorder_give_up(const char *why)
{
  if (!recorder.is_on) return;
  recorder.is_on = false; /* the rest is closed at the end: callers are in the midst of an event */
  recorder.pending = 0;
  fprintf(stderr, "gclab record: process %ld: %s; what was recorded until now is kept\n", (long)getpid(), why);
}

/* The last that holds the callback is the list gc.callbacks, which the interpreter drops in _PyGC_Fini. */
static void recorder_end(PyObject *capsule)
{
  (void)capsule;
  unhook();
  if (!recorder.is_on) return;
  settle(false);
  flush_run();
  if (recorder.header != NULL) {
    recorder.header->flags |= RECORDING_ENDED;
    recorder.header->end_ns = now_ns();
  }
  if (recorder.header != NULL && recorder.file > 0 &&
      ftruncate(recorder.file, (off_t)(recorder.header->bytes + RECORDING_HEADER_BYTES)) != 0) {
    /* only a longer file */
  }
  recorder_close();
}

static uint64_t number_list(const PyGC_Head *head)
{
  uint64_t length = 0;
  for (const PyGC_Head *at = next_of(head); at != head; at = next_of(at)) {
    const PyObject *object = (const PyObject *)(at + 1);
    table_add((uintptr_t)object - header_length(object), recorder.next_number++);
    length++;
  }
  return length;
}

/*
 * Each process that begins, recorded or not, leaves a byte in the file `processes`: its length is then how many there
 * have been.  Those above the limit are not recorded, since a program that forks without end would fill the disk.
 */
static bool is_one_too_many(const char *directory)
{
  char path[4096];
  struct stat status = {0};
  const char *given = getenv("GCLAB_RECORD_PROCESSES");
  const long limit = given != NULL ? strtol(given, NULL, 10) : RECORDING_PROCESSES_MAX;
  snprintf(path, sizeof path, "%s/" RECORDING_PROCESSES_FILE, directory);
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return false;
  const bool is_counted = write(file, ".", 1) == 1 && fstat(file, &status) == 0;
  close(file);
  return is_counted && status.st_size > limit;
}

static int open_new_file(const char *directory)
{
  for (int i = 0; i < 1000; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%ld-%d.gcrec", directory, (long)getpid(), i);
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

static void write_arguments(struct recording_header *header, PyObject *arguments)
{
  for (Py_ssize_t i = 0; arguments != NULL && PyList_Check(arguments) && i < PyList_GET_SIZE(arguments); i++) {
    Py_ssize_t length = 0;
    const char *text = PyUnicode_AsUTF8AndSize(PyList_GET_ITEM(arguments, i), &length);
    if (text == NULL) {
      PyErr_Clear();
      continue;
    }
    if (header->argument_bytes + (size_t)length + 1 > RECORDING_ARGUMENTS_MAX) return;
    memcpy(header->arguments + header->argument_bytes, text, (size_t)length + 1);
    header->argument_bytes += (uint32_t)length + 1;
  }
}

static void fill_header(bool is_forked)
{
  struct recording_header *header = recorder.header;
  const struct _gc_runtime_state *gc = recorder.gc;
  *header = (struct recording_header){.version = RECORDING_VERSION,
                                      .kind = RECORDING_OBJECTS,
                                      .flags = is_forked ? RECORDING_FORKED : 0,
                                      .pid = (uint32_t)getpid(),
                                      .parent_pid = (uint32_t)getppid(),
                                      .python_hex = PY_VERSION_HEX};
  header->python_hex = (uint32_t)Py_Version;
  memcpy(header->magic, RECORDING_MAGIC, sizeof header->magic);
  header->initial[3] = recorder.frozen = number_list(&gc->permanent_generation.head);
  for (int g = 2; g >= 0; g--) {
    header->thresholds[g] = recorder.thresholds[g] = gc->generations[g].threshold;
    header->counts[g] = gc->generations[g].count;
    header->initial[g] = number_list(&gc->generations[g].head);
  }
  header->counts[3] = recorder.enabled = gc->enabled;
  header->long_lived_total = (uint64_t)gc->long_lived_total;
  header->long_lived_pending = (uint64_t)gc->long_lived_pending;
  write_arguments(header, PySys_GetObject("orig_argv"));
  header->start_ns = header->end_ns = recorder.last_ns = now_ns();
}

static bool recorder_open(bool is_forked)
{
  recorder.file = open_new_file(recorder.directory);
  if (recorder.file < 0) {
    recorder.file = 0;
    return false;
  }
  errno = posix_fallocate(recorder.file, 0, RECORDING_HEADER_BYTES);
  if (errno != 0) return false;
  void *memory = mmap(NULL, RECORDING_HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, recorder.file, 0);
  if (memory == MAP_FAILED) return false;
  recorder.header = memory;
  recorder.table_size = TABLE_FIRST;
  recorder.table_used = 0;
  recorder.next_number = 0;
  recorder.table = table_map(TABLE_FIRST);
  if (recorder.table == NULL) return false;
  recorder.gc = &PyInterpreterState_Get()->gc;
  recorder.takes_graphs = getenv("GCLAB_RECORD_GRAPH") != NULL;
  recorder.graph_due_ns = 0;
  fill_header(is_forked);
  if (!window_map(RECORDING_HEADER_BYTES)) return false;
  recorder.is_on = true;
  recorder.last_count = recorder.gc->generations[0].count;
  return true;
}

/*
 * In the child of a fork the window is still the parent's.  Before Python's own handlers run, objects of threads that are
 * no more may be freed, so this comes first of all, within fork().
 */
static void leave_parent(void)
{
  if (!recorder.is_on) return;
  recorder.is_on = false;
  recorder.was_forked = true;
  recorder.pending = 0;
  recorder.run = 0;
  if (recorder.window != NULL) munmap(recorder.window, WINDOW_BYTES);
  recorder.window = NULL;
}

/* A new file is begun with what lives now. */
static PyObject *after_fork(PyObject *module, PyObject *nothing)
{
  (void)module;
  (void)nothing;
  if (!recorder.was_forked) Py_RETURN_NONE;
  recorder.was_forked = false;
  recorder_close();
  if (is_one_too_many(recorder.directory)) Py_RETURN_NONE;
  if (!recorder_open(true)) recorder_close();
  Py_RETURN_NONE;
}

static PyMethodDef callback_method = {"gclab_recorder", (PyCFunction)(void (*)(void))callback, METH_FASTCALL, NULL};

static PyObject *make_callback(void)
{
  PyObject *capsule = PyCapsule_New(&recorder, "gclab_recorder", recorder_end);
  PyObject *function = capsule == NULL ? NULL : PyCFunction_New(&callback_method, capsule);
  Py_XDECREF(capsule);
  return function;
}

static bool append_callback(void)
{
  PyObject *gc = PyImport_ImportModule("gc");
  PyObject *list = gc == NULL ? NULL : PyObject_GetAttrString(gc, "callbacks");
  PyObject *function = list == NULL ? NULL : make_callback();
  const bool is_done = function != NULL && PyList_Append(list, function) == 0;
  Py_XDECREF(function);
  Py_XDECREF(list);
  Py_XDECREF(gc);
  return is_done;
}

static PyObject *start(PyObject *module, PyObject *arguments)
{
  (void)module;
  const char *directory = NULL;
  if (!PyArg_ParseTuple(arguments, "s", &directory)) return NULL;
  if (recorder.is_on) Py_RETURN_NONE;
  if (is_one_too_many(directory)) Py_RETURN_NONE;
  snprintf(recorder.directory, sizeof recorder.directory, "%s", directory);
  if (!append_callback()) return NULL;
  if (!recorder_open(false)) {
    const int error = errno;
    recorder_close();
    return PyErr_Format(PyExc_OSError, "no recording in %s: %s", directory, strerror(error));
  }
  pthread_atfork(NULL, NULL, leave_parent);
  PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &recorder.original);
  PyMemAllocatorEx hooks = {NULL, hook_malloc, hook_calloc, hook_realloc, hook_free};
  PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &hooks);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, "start(directory): records this process into a new file there"},
    {"after_fork", after_fork, METH_NOARGS, "to be called in the child of a fork"},
    {0},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_gclab_recorder", NULL, -1, methods, 0, 0, 0, 0};

/* Another version's structures are others, though the file's name should have kept it from getting here. */
PyMODINIT_FUNC PyInit__gclab_recorder(void)
{
  if (Py_Version >> 16 == PY_VERSION_HEX >> 16) return PyModule_Create(&definition);
  PyErr_SetString(PyExc_ImportError, "the recorder is for CPython 3.11");
  return NULL;
}
