/*
 * json_digest: what a JSON value means, as a number: FNV-1a of its CBOR (RFC 8949).
 *
 * Arrays and maps are those of indefinite length, so that they can be written without being counted first.
 */
#ifndef GCLAB_WORKLOADS_JSON_DIGEST_H
#define GCLAB_WORKLOADS_JSON_DIGEST_H

#include <stdint.h>
#include <string.h>

enum { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_TEXT = 3 };
enum {
  CBOR_ARRAY = 0x9f,
  CBOR_MAP = 0xbf,
  CBOR_FALSE = 0xf4,
  CBOR_TRUE,
  CBOR_NULL,
  CBOR_DOUBLE = 0xfb,
  CBOR_BREAK = 0xff
};

static const uint64_t digest_start = 0xcbf29ce484222325u;

static inline void digest_byte(uint64_t *digest, uint64_t byte)
{
  *digest = (*digest ^ (byte & 0xff)) * 0x100000001b3u;
}

static inline void digest_bytes(uint64_t *digest, const char *bytes, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) digest_byte(digest, (unsigned char)bytes[i]);
}

static inline void digest_word(uint64_t *digest, uint64_t word, int bytes)
{
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) digest_byte(digest, word >> shift);
}

/* The head of an item: its major type, and a number in as few bytes as can be. */
static inline void digest_head(uint64_t *digest, uint64_t major, uint64_t number)
{
  if (number < 24) {
    digest_byte(digest, major << 5 | number);
    return;
  }
  const uint64_t size = number <= UINT8_MAX ? 0 : number <= UINT16_MAX ? 1 : number <= UINT32_MAX ? 2 : 3;
  digest_byte(digest, major << 5 | (24 + size));
  digest_word(digest, number, 1 << size);
}

static inline void digest_integer(uint64_t *digest, int64_t integer)
{
  if (integer >= 0)
    digest_head(digest, CBOR_UNSIGNED, (uint64_t)integer);
  else
    digest_head(digest, CBOR_NEGATIVE, ~(uint64_t)integer);
}

static inline void digest_real(uint64_t *digest, double real)
{
  uint64_t bits = 0;
  memcpy(&bits, &real, sizeof bits);
  digest_byte(digest, CBOR_DOUBLE);
  digest_word(digest, bits, sizeof bits);
}

static inline void digest_text(uint64_t *digest, const char *text, uint64_t length)
{
  digest_head(digest, CBOR_TEXT, length);
  digest_bytes(digest, text, length);
}

#endif
