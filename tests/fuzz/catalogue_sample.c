#include "tests/fuzz/catalogue_sample.h"

static const char *const profiles[] = {"python3.11", "python3.12", "python3.13", NULL};

static struct setting cyclic_knobs[] = {
    {"threshold0", "objects", SETTING_INTEGER, SETTING_LOG, 700, 0, 0, 0, 1000000000, 0, 0, NULL, "first"},
    {"threshold1", "collections", SETTING_INTEGER, SETTING_LINEAR, 10, 0, 0, 0, 1000, 0, 0, NULL, "second"},
    {"profile", "", SETTING_CHOICE, SETTING_LINEAR, 0, 0, 0, 0, 2, 0, 0, profiles, "version"},
};

static struct setting marksweep_knobs[] = {
    {"growth_factor", "ratio", SETTING_MILLI, SETTING_LOG, 2000, 0, 0, 1050, 16000, 0, 0, NULL, "growth"},
    {"heap_limit", "bytes", SETTING_HEAP, SETTING_LOG, 0, 0, 0, 0, INT64_C(1) << 40, 0, 0, NULL, "limit"},
    {"lazy_sweep", "", SETTING_BOOLEAN, SETTING_LINEAR, 1, 0, 0, 0, 1, 0, 0, NULL, "lazy"},
};

static struct setting cpython_knobs[] = {
    {"threshold0", "objects", SETTING_INTEGER, SETTING_LOG, 700, 0, 0, 0, 1000000000, 0, 0, NULL, "first"},
};

static struct setting churn_parameters[] = {
    {"live", "objects", SETTING_INTEGER, SETTING_LOG, 1000, 10, 100000, 1, 10000000, 0, 0, NULL, "live"},
    {"cyclic_percent", "%", SETTING_INTEGER, SETTING_LINEAR, 100, 100, 100, 0, 100, 0, 0, NULL, "cyclic"},
};

static struct setting trees_parameters[] = {
    {"depth", "levels", SETTING_INTEGER, SETTING_LINEAR, 16, 8, 22, 1, 30, 0, 0, NULL, "depth"},
};

static const char *counting[] = {"reclaims", "prompt", "uses_malloc"};
static const char *peer[] = {"reclaims", "external", "uses_malloc"};
static const char *on_blocks[] = {"reclaims", "prompt", "uses_blocks", "variant"};
static const char *tracing[] = {"reclaims", "reclaims_cycles"};

static struct catalogue_collector collectors[] = {
    {.name = "none", .program_name = "none", .build_id = "00000000000000000000000000000001"},
    {.name = "refcount_cyclic",
     .program_name = "refcount_cyclic",
     .build_id = "00000000000000000000000000000002",
     .capabilities = counting,
     .capability_count = 3,
     .knobs = cyclic_knobs,
     .knob_count = 3},
    {.name = "marksweep",
     .program_name = "marksweep",
     .build_id = "00000000000000000000000000000003",
     .capabilities = tracing,
     .capability_count = 2,
     .knobs = marksweep_knobs,
     .knob_count = 3},
    {.name = "cpython",
     .program_name = "cpython",
     .build_id = "00000000000000000000000000000004",
     .capabilities = peer,
     .capability_count = 3,
     .knobs = cpython_knobs,
     .knob_count = 1},
    {.name = "refcount_cyclic",
     .program_name = "refcount_cyclic+blocks",
     .build_id = "00000000000000000000000000000005",
     .capabilities = on_blocks,
     .capability_count = 4,
     .knobs = cyclic_knobs,
     .knob_count = 3},
};

enum { PROGRAMS = sizeof collectors / sizeof collectors[0], VARIANTS = 1 };

static struct catalogue_workload workloads[] = {
    {.name = "churn", .makes_cycles = true, .parameters = churn_parameters, .parameter_count = 2},
    {.name = "trees", .parameters = trees_parameters, .parameter_count = 1},
};

static struct catalogue_missing missing[] = {{"boehm", "libgc was not found", "libgc-dev"}};

const struct catalogue catalogue_sample = {
    .collectors = collectors,
    .collector_count = PROGRAMS - VARIANTS,
    .program_count = PROGRAMS,
    .workloads = workloads,
    .workload_count = sizeof workloads / sizeof workloads[0],
    .missing = missing,
    .missing_count = sizeof missing / sizeof missing[0],
};
