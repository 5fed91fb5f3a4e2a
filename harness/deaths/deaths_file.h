/*
 * deaths_file: the file of a death schedule as it is kept (docs/schema.md, gclab-deaths-1): a line of JSON that says
 * whose deaths these are, then the rows (collectors/parts/deaths.h).
 */
#ifndef GCLAB_HARNESS_DEATHS_DEATHS_FILE_H
#define GCLAB_HARNESS_DEATHS_DEATHS_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Makes the file from the rows and the record that the instrument has left.  False, with errno: it is not there, or as
 * it was before.
 */
bool deaths_file_write(const char *path, const char *rows_path, const json_t *record);

/* Opens such a file at its first row; NULL, with errno: there is none. */
FILE *deaths_file_open_rows(const char *path);

#endif
