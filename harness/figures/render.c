#define _GNU_SOURCE /* pipe2 */
#include "harness/figures/render.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/figures/canvas.h"
#include "harness/figures/slim.h"
#include "harness/text/text.h"

/* The directory of the running program, or NULL. */
static char *program_directory(void)
{
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return NULL;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash != NULL) *slash = '\0';
  return text_copy(path);
}

static bool is_directory(const char *path)
{
  struct stat status;
  return path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static char *script_directory(void)
{
  const char *wanted = getenv("GCLAB_PLOT_PATH");
  if (wanted != NULL && wanted[0] != '\0') return text_copy(wanted);
  char *program = program_directory();
  char *installed = text_format("%s/../share/gclab/plots", program != NULL ? program : ".");
  free(program);
  if (is_directory(installed)) return installed;
  free(installed);
  return text_copy(GCLAB_PLOT_SOURCE);
}

bool render_append_script(FILE *gp, const char *name)
{
  char *directory = script_directory();
  char *path = text_format("%s/%s.gp", directory, name);
  FILE *script = fopen(path, "re");
  if (script == NULL) {
    fprintf(stderr, "gclab plot: %s: %s; set GCLAB_PLOT_PATH to the directory that holds the gnuplot scripts\n", path,
            strerror(errno));
  } else {
    char buffer[4096];
    size_t bytes = 0;
    fprintf(gp, "\n# ---- plots/%s.gp\n", name);
    while ((bytes = fread(buffer, 1, sizeof buffer, script)) > 0) fwrite(buffer, 1, bytes, gp);
    fclose(script);
  }
  free(path);
  free(directory);
  return script != NULL;
}

bool render_make_directory(const char *directory)
{
  char *path = text_copy(directory);
  bool ok = true;
  for (char *c = path + 1; ok; c++) {
    if (*c != '/' && *c != '\0') continue;
    const char keep = *c;
    *c = '\0';
    ok = mkdir(path, 0777) == 0 || errno == EEXIST || is_directory(path);
    *c = keep;
    if (keep == '\0') break;
  }
  if (ok && !is_directory(path)) {
    errno = ENOTDIR;
    ok = false;
  }
  if (ok) ok = access(path, W_OK | X_OK) == 0;
  if (!ok) fprintf(stderr, "gclab plot: %s: %s; choose another directory with --out\n", directory, strerror(errno));
  free(path);
  return ok;
}

static bool write_all(const char *path, const char *data, size_t bytes)
{
  FILE *file = fopen(path, "we");
  if (file == NULL) return false;
  const bool written = fwrite(data, 1, bytes, file) == bytes;
  const bool closed = fclose(file) == 0;
  return written && closed;
}

bool render_write(const char *directory, const char *name, const char *suffix, const char *data, size_t bytes,
                  char **path)
{
  char *temporary = text_format("%s/.%s%s.%ld", directory, name, suffix, (long)getpid());
  *path = text_format("%s/%s%s", directory, name, suffix);
  const bool ok = write_all(temporary, data, bytes) && rename(temporary, *path) == 0;
  if (!ok) {
    fprintf(stderr, "gclab plot: %s could not be written: %s\n", *path, strerror(errno));
    unlink(temporary);
  }
  free(temporary);
  return ok;
}

static void missing_gnuplot(void)
{
  fprintf(stderr, "gclab plot: gnuplot is not installed; it is in the package gnuplot-nox (apt-get install "
                  "gnuplot-nox).  The .dat and .gp files can be drawn wherever it is\n");
}

bool canvas_have_gnuplot(void)
{
  const char *path = getenv("PATH");
  char *paths = text_copy(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
  bool found = false;
  char *state = NULL;
  for (char *part = strtok_r(paths, ":", &state); part != NULL && !found; part = strtok_r(NULL, ":", &state)) {
    char *file = text_format("%s/gnuplot", part);
    found = access(file, X_OK) == 0;
    free(file);
  }
  free(paths);
  if (!found) missing_gnuplot();
  return found;
}

struct job {
  pid_t pid;
  int error_fd;
  char *temporary; /* in the directory */
  char *said;
};

/* Runs in the child: gnuplot in the directory, its standard error into fd, no user's start-up file. */
static void become_gnuplot(const char *directory, const char *name, const char *format, const char *temporary, int fd)
{
  char *settings = text_format("FORMAT='%s'; OUTPUT='%s'", format, temporary);
  char *script = text_format("%s.gp", name);
  if (chdir(directory) != 0) _exit(126);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execlp("gnuplot", "gnuplot", "-d", "-e", settings, script, (char *)NULL);
  _exit(127);
}

static bool start(struct job *job, const char *directory, const char *name, const char *format)
{
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return false;
  job->temporary = text_format(".%s.%ld.%s", name, (long)getpid(), format);
  fflush(NULL);
  job->pid = fork();
  if (job->pid == 0) become_gnuplot(directory, name, format, job->temporary, fds[1]);
  close(fds[1]);
  job->error_fd = fds[0];
  return job->pid > 0;
}

/* Takes what gnuplot said and its exit status; true where it is as if all went well. */
static bool finish(struct job *job)
{
  char buffer[1024];
  ssize_t bytes = 0;
  while ((bytes = read(job->error_fd, buffer, sizeof buffer)) > 0 || (bytes < 0 && errno == EINTR)) {
    if (bytes > 0) text_append(&job->said, "%.*s", (int)bytes, buffer);
  }
  close(job->error_fd);
  int status = 0;
  while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    missing_gnuplot();
    return false;
  }
  const bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0 && job->said == NULL;
  if (!ok)
    fprintf(stderr, "gclab plot: gnuplot could not draw %s (status %d):\n%s\n", job->temporary, status,
            job->said != NULL ? job->said : "");
  return ok;
}

static bool is_filled(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && status.st_size > 0;
}

bool render_run(const char *directory, const char *name, const char *const *formats, size_t count, char **paths)
{
  struct job *jobs = text_allocate(count * sizeof *jobs);
  bool all = true;
  size_t started = 0;
  for (; started < count && all; started++) all = start(&jobs[started], directory, name, formats[started]);
  if (!all) fprintf(stderr, "gclab plot: no process for gnuplot: %s\n", strerror(errno));
  for (size_t i = 0; i < started; i++) {
    char *temporary = text_format("%s/%s", directory, jobs[i].temporary);
    paths[i] = text_format("%s/%s.%s", directory, name, formats[i]);
    bool ok = jobs[i].pid > 0 && finish(&jobs[i]);
    if (ok && !is_filled(temporary)) {
      fprintf(stderr, "gclab plot: gnuplot left %s empty\n", paths[i]);
      ok = false;
    }
    if (ok && strcmp(formats[i], "svg") == 0) ok = slim_file(temporary);
    if (ok) ok = rename(temporary, paths[i]) == 0;
    if (!ok) unlink(temporary);
    all &= ok;
    free(temporary);
    free(jobs[i].temporary);
    free(jobs[i].said);
  }
  free(jobs);
  return all;
}
