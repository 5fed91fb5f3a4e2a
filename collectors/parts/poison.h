/*
 * poison: free memory that must not be looked at.
 *
 * Under AddressSanitizer free cells are closed, so that the very access is reported, and opened when they are handed
 * out.  In other checking builds they are filled with a pattern that is neither a header nor a reference.  Nothing of
 * this is left in other builds.
 */
#ifndef GCLAB_COLLECTORS_PARTS_POISON_H
#define GCLAB_COLLECTORS_PARTS_POISON_H

#include <stddef.h>
#include <string.h>

#include "base/build.h"

#if BUILD_SANITIZED
#include <sanitizer/asan_interface.h>
#endif

enum { POISON_BYTE = 0xdb };

/* Fills free memory, which must be open, with the pattern. */
static inline void poison_fill(void *memory, size_t bytes)
{
#if defined(GC_CHECKING) && !BUILD_SANITIZED
  memset(memory, POISON_BYTE, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

static inline void poison_close(void *memory, size_t bytes)
{
#if BUILD_SANITIZED
  __asan_poison_memory_region(memory, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

static inline void poison_open(void *memory, size_t bytes)
{
#if BUILD_SANITIZED
  __asan_unpoison_memory_region(memory, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

#endif
