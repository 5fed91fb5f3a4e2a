/*
 * header: one word that tells an object's shape, shared by our own collectors.
 *
 * fields and bytes of nearly all objects fit into 14 bits each and are packed into 32 bits beside the kind.  An object
 * that is larger carries its true sizes in a second word in front.  gc_new with a constant shape packs at compile
 * time.
 *
 *   [extent: fields:32 bytes:32]   only where HEADER_EXTENDED is set
 *   [word:32 packed shape:32]      word: the collector's own (a reference count, say)
 *   fields ...                     <- gc_ref
 *   raw bytes ...
 */
#ifndef GCLAB_COLLECTORS_PARTS_HEADER_H
#define GCLAB_COLLECTORS_PARTS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/gc.h"

enum {
  HEADER_SIZE_BITS = 14,
  HEADER_SIZE_LIMIT = 1 << HEADER_SIZE_BITS, /* fields and bytes below this are packed */
  HEADER_KIND_SHIFT = 2 * HEADER_SIZE_BITS
};

#define HEADER_EXTENDED (UINT32_C(1) << 31)

struct header_extent {
  uint32_t fields, bytes;
};

static inline bool header_shape_is_extended(struct gc_shape shape)
{
  return shape.fields >= HEADER_SIZE_LIMIT || shape.bytes >= HEADER_SIZE_LIMIT;
}

static inline uint32_t header_pack(struct gc_shape shape)
{
  const uint32_t kind = (uint32_t)shape.kind << HEADER_KIND_SHIFT;
  if (header_shape_is_extended(shape)) return HEADER_EXTENDED | kind;
  return kind | shape.bytes << HEADER_SIZE_BITS | shape.fields;
}

static inline enum gc_kind header_kind(uint32_t packed) { return (enum gc_kind)(packed >> HEADER_KIND_SHIFT & 7); }

/* before: the address just in front of the 8-byte header, where the extent ends. */
static inline const struct header_extent *header_extent(const void *before)
{
  return (const struct header_extent *)before - 1;
}

static inline uint32_t header_fields(uint32_t packed, const void *before)
{
  return packed & HEADER_EXTENDED ? header_extent(before)->fields : packed & (HEADER_SIZE_LIMIT - 1);
}

static inline uint32_t header_bytes(uint32_t packed, const void *before)
{
  return packed & HEADER_EXTENDED ? header_extent(before)->bytes : packed >> HEADER_SIZE_BITS & (HEADER_SIZE_LIMIT - 1);
}

static inline struct gc_shape header_shape(uint32_t packed, const void *before)
{
  return (struct gc_shape){
      .fields = header_fields(packed, before), .bytes = header_bytes(packed, before), .kind = header_kind(packed)};
}

/* What the mutator asked for: fields and raw bytes. */
static inline uint64_t header_payload_bytes(struct gc_shape shape)
{
  return (uint64_t)shape.fields * sizeof(gc_ref) + shape.bytes;
}

#endif
