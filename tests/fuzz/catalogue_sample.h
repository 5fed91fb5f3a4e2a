/* catalogue_sample: a catalogue that needs no trial programs, with settings of every type and scale. */
#ifndef GCLAB_TESTS_FUZZ_CATALOGUE_SAMPLE_H
#define GCLAB_TESTS_FUZZ_CATALOGUE_SAMPLE_H

#include "harness/catalogue/catalogue.h"

extern const struct catalogue catalogue_sample;

#endif
