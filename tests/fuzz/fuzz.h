/* fuzz: what the libFuzzer targets have in common. */
#ifndef GCLAB_TESTS_FUZZ_FUZZ_H
#define GCLAB_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What libFuzzer calls with each input.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: prints what is wrong and aborts, so that libFuzzer keeps the input. */
_Noreturn void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * From here on, lines on standard error that begin with `expected` go nowhere, so that messages which every other input
 * sets off cost little; all others appear.  fuzz_loud() ends it.
 */
void fuzz_hush(const char *expected);
void fuzz_loud(void);

/* From here on standard error is kept in memory; the second returns it, to be freed. */
void fuzz_capture(void);
char *fuzz_captured(void);

#endif
