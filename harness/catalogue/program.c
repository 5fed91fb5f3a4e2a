#define _GNU_SOURCE
#include "harness/catalogue/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "harness/catalogue/catalogue.h"

static const char prefix[] = "gclab-trial-";
static const uint64_t answer_limit_ns = UINT64_C(10) * 1000000000u;

char *catalogue_own_directory(void)
{
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return NULL;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL) return NULL;
  *(slash == path ? slash + 1 : slash) = '\0';
  return memory_require(strdup(path));
}

static void add_directory(struct programs *programs, const char *path)
{
  char *resolved = memory_or_null(realpath(path, NULL));
  if (resolved == NULL) resolved = memory_require(strdup(path)); /* named in the message where nothing is found */
  for (size_t i = 0; i < programs->directory_count; i++) {
    if (strcmp(programs->directories[i], resolved) != 0) continue;
    free(resolved);
    return;
  }
  programs->directories =
      memory_require(reallocarray(programs->directories, programs->directory_count + 1, sizeof *programs->directories));
  programs->directories[programs->directory_count++] = resolved;
}

static void list_directories(struct programs *programs)
{
  const char *given = getenv("GCLAB_TRIAL_PATH");
  if (given != NULL) {
    char *copy = memory_require(strdup(given));
    char *rest = copy;
    for (char *path = NULL; (path = strsep(&rest, ":")) != NULL;) {
      if (*path != '\0') add_directory(programs, path);
    }
    free(copy);
  }
  char *own = catalogue_own_directory();
  if (own == NULL) return;
  char path[PATH_MAX];
  add_directory(programs, own);
  snprintf(path, sizeof path, "%s/../libexec/gclab", own);
  add_directory(programs, path);
  free(own);
}

static bool is_known(const struct programs *programs, const char *name)
{
  for (size_t i = 0; i < programs->count; i++) {
    if (strcmp(strrchr(programs->list[i].path, '/') + 1, name) == 0) return true;
  }
  return false;
}

static void search_directory(struct programs *programs, const char *directory)
{
  struct dirent **entries = NULL;
  const int count = scandir(directory, &entries, NULL, alphasort);
  if (count < 0) memory_or_null(NULL);
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    char *path = memory_format("%s/%s", directory, name);
    struct stat status;
    if (strncmp(name, prefix, sizeof prefix - 1) == 0 && !is_known(programs, name) && stat(path, &status) == 0 &&
        S_ISREG(status.st_mode) && access(path, X_OK) == 0) {
      programs->list = memory_require(reallocarray(programs->list, programs->count + 1, sizeof *programs->list));
      programs->list[programs->count++] = (struct program){.path = path, .fd = -1};
      path = NULL;
    }
    free(path);
    free(entries[i]);
  }
  free(entries);
}

bool programs_find(struct programs *programs)
{
  *programs = (struct programs){0};
  list_directories(programs);
  for (size_t i = 0; i < programs->directory_count; i++) search_directory(programs, programs->directories[i]);
  return programs->count > 0;
}

static void start(struct program *program)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    snprintf(program->failure, sizeof program->failure, "no pipe: %s", strerror(errno));
    return;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  char *const arguments[] = {program->path, (char[]){"describe"}, NULL};
  const int error = posix_spawn(&program->pid, program->path, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  program->fd = ends[0];
  if (error == 0) return;
  snprintf(program->failure, sizeof program->failure, "it cannot be started: %s", strerror(error));
  program->pid = 0;
  close(program->fd);
  program->fd = -1;
}

/* Takes what the pipe holds; at its end, closes it. */
static void take(struct program *program)
{
  enum { CHUNK = 65536 };
  program->answer = memory_require(realloc(program->answer, program->answer_length + CHUNK + 1));
  const ssize_t count = read(program->fd, program->answer + program->answer_length, CHUNK);
  if (count > 0) {
    program->answer_length += (size_t)count;
    program->answer[program->answer_length] = '\0';
    return;
  }
  if (count < 0 && errno == EINTR) return;
  close(program->fd);
  program->fd = -1;
}

static void read_answers(struct programs *programs)
{
  const uint64_t deadline_ns = clock_now_ns() + answer_limit_ns;
  struct pollfd *ready = memory_require(calloc(programs->count + 1, sizeof *ready));
  for (;;) {
    nfds_t open_count = 0;
    for (size_t i = 0; i < programs->count; i++) {
      ready[i] = (struct pollfd){.fd = programs->list[i].fd, .events = POLLIN};
      if (programs->list[i].fd >= 0) open_count++;
    }
    const uint64_t now_ns = clock_now_ns();
    if (open_count == 0 || now_ns >= deadline_ns) break;
    if (poll(ready, programs->count, (int)((deadline_ns - now_ns) / 1000000 + 1)) <= 0) continue;
    for (size_t i = 0; i < programs->count; i++) {
      if (ready[i].fd >= 0 && ready[i].revents != 0) take(&programs->list[i]);
    }
  }
  free(ready);
}

static void reap(struct program *program)
{
  if (program->fd >= 0) { /* it still has its output open: it hangs */
    snprintf(program->failure, sizeof program->failure, "no answer within ten seconds");
    kill(program->pid, SIGKILL);
    close(program->fd);
    program->fd = -1;
  }
  int status = 0;
  while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (program->failure[0] != '\0') return;
  if (WIFSIGNALED(status))
    snprintf(program->failure, sizeof program->failure, "it was ended by %s", strsignal(WTERMSIG(status)));
  else if (WEXITSTATUS(status) != 0)
    snprintf(program->failure, sizeof program->failure, "it ended with exit code %d", WEXITSTATUS(status));
}

void programs_ask(struct programs *programs)
{
  for (size_t i = 0; i < programs->count; i++) start(&programs->list[i]);
  read_answers(programs);
  for (size_t i = 0; i < programs->count; i++) {
    if (programs->list[i].pid > 0) reap(&programs->list[i]);
  }
}

void programs_free(struct programs *programs)
{
  for (size_t i = 0; i < programs->count; i++) {
    free(programs->list[i].path);
    free(programs->list[i].answer);
  }
  free(programs->list);
  for (size_t i = 0; i < programs->directory_count; i++) free(programs->directories[i]);
  free(programs->directories);
  *programs = (struct programs){0};
}

bool program_hash(const char *path, char *hash)
{
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return false;
  if (fstat(fd, &status) != 0 || status.st_size <= 0) {
    close(fd);
    return false;
  }
  void *content = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (content == MAP_FAILED) memory_or_null(NULL);
  if (content == MAP_FAILED) return false;
  const XXH128_hash_t digest = XXH3_128bits(content, (size_t)status.st_size);
  munmap(content, (size_t)status.st_size);
  snprintf(hash, CATALOGUE_HASH_MAX, "%016" PRIx64 "%016" PRIx64, (uint64_t)digest.high64, (uint64_t)digest.low64);
  return true;
}

char *program_layout_path(const char *path, unsigned layout)
{
  if (layout == 0) return memory_require(strdup(path));
  const char *slash = strrchr(path, '/');
  const size_t directory = slash != NULL ? (size_t)(slash - path) : 0;
  return memory_format("%.*s/layouts/%u/%s", slash != NULL ? (int)directory : 1, slash != NULL ? path : ".", layout,
                       slash != NULL ? slash + 1 : path);
}

unsigned program_layouts(const char *path)
{
  unsigned layouts = 1;
  for (bool is_there = true; is_there && layouts < PROGRAM_LAYOUTS_MAX; layouts += is_there) {
    char *other = program_layout_path(path, layouts);
    is_there = access(other, X_OK) == 0;
    free(other);
  }
  return layouts;
}

bool program_build_id(const char *path, unsigned layouts, char *hash)
{
  char all[PROGRAM_LAYOUTS_MAX * CATALOGUE_HASH_MAX] = "";
  bool done = true;
  if (layouts <= 1) return program_hash(path, hash);
  for (unsigned i = 0; i < layouts && done; i++) {
    char *one = program_layout_path(path, i);
    done = program_hash(one, all + i * (CATALOGUE_HASH_MAX - 1));
    free(one);
  }
  if (!done) return false;
  const XXH128_hash_t digest = XXH3_128bits(all, strlen(all));
  snprintf(hash, CATALOGUE_HASH_MAX, "%016" PRIx64 "%016" PRIx64, (uint64_t)digest.high64, (uint64_t)digest.low64);
  return true;
}
