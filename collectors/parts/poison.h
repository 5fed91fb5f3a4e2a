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

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define POISON_ASAN 1
#include <sanitizer/asan_interface.h>
#endif

enum { POISON_BYTE = 0xdb };

/* Fills free memory, which must be open, with the pattern. */
static inline void poison_fill(void *memory, size_t bytes)
{
#if defined(GC_CHECKING) && !defined(POISON_ASAN)
  memset(memory, POISON_BYTE, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

static inline void poison_close(void *memory, size_t bytes)
{
#ifdef POISON_ASAN
  __asan_poison_memory_region(memory, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

static inline void poison_open(void *memory, size_t bytes)
{
#ifdef POISON_ASAN
  __asan_unpoison_memory_region(memory, bytes);
#else
  (void)memory;
  (void)bytes;
#endif
}

#endif
