/*
 * packed: a script as bytes, for traces of millions of operations.  docs/heap-scripts.md has the format.  Text to
 * packed to text is the canonical text; packed to text to packed is the same bytes.  Reading trusts nothing.
 */
#ifndef GCLAB_HARNESS_SCRIPT_PACKED_H
#define GCLAB_HARNESS_SCRIPT_PACKED_H

#include <stdio.h>

#include "harness/script/script.h"

/* Are these the first bytes of a packed script? */
bool script_is_packed(const void *bytes, size_t length);

/* malloc'ed bytes, *length many. */
void *script_pack(const struct script *script, size_t *length);

/* Writes the packed form to a file; false, with errno, where not all of it was written. */
bool script_write_packed(const struct script *script, const char *path);

/* NULL, with a message (line 0; the message names the offset), where the bytes are no packed script. */
struct script *script_unpack(const void *bytes, size_t length, struct script_error *error);

/* All bytes of a file, malloc'ed; "-" is standard input.  NULL with a message. */
char *script_read_bytes(const char *path, size_t *length, struct script_error *error);

/* Text or packed, whichever the bytes, or the file, hold.  NULL with a message. */
struct script *script_read(const char *bytes, size_t length, struct script_error *error);
struct script *script_read_file(const char *path, struct script_error *error);

#endif
