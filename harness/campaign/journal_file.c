#include "harness/campaign/journal_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

/* How many of `count` records of `size` bytes at `offset` lie within the file. */
static size_t fitting(uint64_t count, uint64_t capacity, uint64_t offset, size_t size, size_t bytes)
{
  if (offset % 8 != 0 || offset < sizeof(struct journal_head) || offset > bytes) return 0;
  const uint64_t room = (bytes - offset) / size;
  if (count > capacity) count = capacity;
  return count < room ? count : room;
}

static bool row_is_sound(const struct journal_row *row)
{
  return row->kind < JOURNAL_KINDS && row->cause < JOURNAL_CAUSES && row->phase < JOURNAL_PHASES_MAX;
}

void journal_file_map(int fd, struct journal_file *file)
{
  *file = (struct journal_file){0};
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size < (off_t)sizeof(struct journal_head)) return;
  const size_t bytes = (size_t)status.st_size;
  void *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return;
  const struct journal_head *head = memory;
  if (head->magic != JOURNAL_MAGIC || head->row_bytes != sizeof(struct journal_row) ||
      head->request_bytes != sizeof(struct journal_request)) {
    munmap(memory, bytes);
    return;
  }
  const char *base = memory;
  file->head = head;
  file->bytes = bytes;
  file->rows = (const struct journal_row *)(const void *)(base + head->row_offset);
  file->requests = (const struct journal_request *)(const void *)(base + head->request_offset);
  const size_t rows = fitting(head->row_count, head->row_capacity, head->row_offset, sizeof *file->rows, bytes);
  file->request_count =
      fitting(head->request_count, head->request_capacity, head->request_offset, sizeof *file->requests, bytes);
  file->phase_count = head->phase_count < JOURNAL_PHASES_MAX ? head->phase_count : JOURNAL_PHASES_MAX;
  while (file->row_count < rows && row_is_sound(&file->rows[file->row_count])) file->row_count++;
  file->damaged = file->row_count != head->row_count || file->request_count != head->request_count ||
                  file->phase_count != head->phase_count;
}

void journal_file_unmap(struct journal_file *file)
{
  if (file->head != NULL) munmap((void *)file->head, file->bytes);
  *file = (struct journal_file){0};
}
