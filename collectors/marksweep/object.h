/* object: what stands in front of an object of marksweep, on every memory. */
#ifndef GCLAB_COLLECTORS_MARKSWEEP_OBJECT_H
#define GCLAB_COLLECTORS_MARKSWEEP_OBJECT_H

#include "collectors/collector.h"
#include "collectors/parts/header.h"

/* In front of every object; large objects have an extent in front of that (header.h). */
struct header {
  uint32_t word;   /* HEADER_OBJECT in every object, in no free cell of a block */
  uint32_t packed; /* its shape */
};

#define HEADER_OBJECT UINT32_C(0x6a4f424a)

enum { HEADER_BYTES = sizeof(struct header) };

/* What an entry of the mark stack refers to. */
static inline gc_ref object_of_entry(uintptr_t entry)
{
  return (gc_ref)entry; // NOLINT(performance-no-int-to-ptr): the stack holds words
}

static inline struct header *header_of(gc_ref object) { return (struct header *)(void *)object - 1; }

static inline gc_ref *fields_of(gc_ref object) { return (gc_ref *)(void *)object; }

/* Of an object whose header is not extended. */
static inline uint32_t packed_fields(uint32_t packed) { return packed & (HEADER_SIZE_LIMIT - 1); }

static inline uint32_t packed_bytes(uint32_t packed) { return packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1); }

static inline struct gc_shape shape_of(gc_ref object)
{
  const struct header *header = header_of(object);
  return header_shape(header->packed, header);
}

#endif
