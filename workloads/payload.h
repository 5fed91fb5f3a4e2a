/*
 * payload: raw bytes that can be told from any others.
 *
 * Workloads fill the raw bytes of their objects with words that follow from a stamp, and mix what they read back into
 * the checksum, so that a collector that loses, swaps or overwrites bytes is noticed.  The first word is the stamp.
 */
#ifndef GCLAB_WORKLOADS_PAYLOAD_H
#define GCLAB_WORKLOADS_PAYLOAD_H

#include <stdint.h>
#include <string.h>

enum { PAYLOAD_STAMP_BYTES = sizeof(uint64_t) };

/* Fills size bytes, PAYLOAD_STAMP_BYTES at least; whole words first, then what is left of one. */
static inline void payload_fill(void *bytes, uint64_t size, uint64_t stamp)
{
  const uint64_t words = size / sizeof(uint64_t);
  uint64_t *word = bytes;
  for (uint64_t i = 0; i < words; i++) word[i] = stamp + i * 0x9e3779b97f4a7c15u;
  const uint64_t last = stamp + words * 0x9e3779b97f4a7c15u;
  memcpy(word + words, &last, size % sizeof(uint64_t));
}

/* What size bytes hold, as one number; depends on their order. */
static inline uint64_t payload_digest(const void *bytes, uint64_t size)
{
  const uint64_t words = size / sizeof(uint64_t);
  const uint64_t *word = bytes;
  uint64_t digest = size;
  for (uint64_t i = 0; i < words; i++) digest = digest * 31 + word[i];
  uint64_t last = 0;
  memcpy(&last, word + words, size % sizeof(uint64_t));
  return digest * 31 + last;
}

#endif
