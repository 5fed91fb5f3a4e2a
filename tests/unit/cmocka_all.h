/* cmocka and what it needs to be included before it. */
#ifndef GCLAB_TESTS_UNIT_CMOCKA_ALL_H
#define GCLAB_TESTS_UNIT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
