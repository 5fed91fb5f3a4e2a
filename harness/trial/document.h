/*
 * document: the JSON that a trial program writes, all of it or nothing.
 *
 * What there is no memory for would be missing, and a record that lacks something must not pass for one.  So every
 * addition is watched, and a document is made whole in memory before its first byte is written.  That memory is
 * malloc's as long as there is some, then a reserve, so that a trial that has run out of memory still has its record.
 */
#ifndef GCLAB_HARNESS_TRIAL_DOCUMENT_H
#define GCLAB_HARNESS_TRIAL_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Sets the reserve aside.  Before any other use of JSON, and before memory runs short. */
void document_prepare(void);

/* Adds a value, which may be NULL for want of memory. */
void document_set(json_t *object, const char *key, json_t *value);
void document_set_number(json_t *object, const char *key, uint64_t number);
void document_append(json_t *array, json_t *value);

/* Writes the document, with jansson's flags, and releases it.  False: why not has been printed, nothing was written. */
bool document_write(json_t *document, int fd, size_t flags);

#endif
