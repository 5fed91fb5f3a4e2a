#include "base/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

bool whole_file_open(struct whole_file *file, const char *path)
{
  struct stat status;
  const bool is_special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
  *file = (struct whole_file){.path = path, .unfinished = is_special ? NULL : memory_format("%s.part", path)};
  file->stream = memory_or_null(fopen(is_special ? path : file->unfinished, "we"));
  if (file->stream != NULL) return true;
  const int reason = errno;
  free(file->unfinished);
  errno = reason;
  return false;
}

/* Why a write failed, some time ago: what it could not write is lost to us, so that one more byte is tried. */
static int reason_of_failure(FILE *stream)
{
  clearerr(stream);
  return fputc('\n', stream) == EOF || fflush(stream) != 0 ? errno : EIO;
}

bool whole_file_close(struct whole_file *file, bool is_complete)
{
  int reason = errno; /* the caller's, where it could not complete the file */
  const bool has_failed = ferror(file->stream) != 0;
  if (is_complete && has_failed) reason = reason_of_failure(file->stream);
  bool done = is_complete && !has_failed;
  if (fclose(file->stream) != 0) {
    if (done) reason = errno;
    done = false;
  }
  if (done && file->unfinished != NULL && rename(file->unfinished, file->path) != 0) {
    reason = errno;
    done = false;
  }
  if (!done && file->unfinished != NULL) unlink(file->unfinished);
  free(file->unfinished);
  errno = reason;
  return done;
}
