/*
 * gbench: Google Benchmark for programs in C.
 *
 * A thin layer over <benchmark/benchmark.h> (1.7 and later), and the only C++ of the project: this header is plain C,
 * and gbench.cc is all that a C++ compiler sees.  It knows nothing of gclab, and can be taken into another project
 * with these two files; a program links it with -lbenchmark and -lstdc++.
 *
 *   static void bench_sort(struct gb_state *state, void *context)
 *   {
 *     int64_t size = gb_range(state, 0);
 *     ... set up; not timed ...
 *     while (gb_keep_running(state)) sort(array, size);
 *     gb_set_items_processed(state, gb_iterations(state) * size);
 *   }
 *
 *   int main(int argc, char **argv)
 *   {
 *     gb_initialize(&argc, argv);
 *     gb_add_argument(gb_register("sort", bench_sort, NULL), 1000);
 *     gb_run();
 *     gb_shutdown();
 *   }
 *
 * RULES
 *  1. gb_initialize comes first, then registrations, then one gb_run, then gb_shutdown; all in one thread.
 *  2. A struct gb_benchmark * is the library's.  It is good from its registration to gb_shutdown, and is never freed by
 *     the caller.  What changes it (gb_add_argument and below) is called before gb_run.
 *  3. A struct gb_state * is good during the call of the function that it was passed to, and no longer.
 *  4. The function is called several times for one benchmark: with few iterations at first, until it takes long
 *     enough, and once more for each repetition.  What is dear to set up is better kept by the caller from one call to the next.
 *  5. In each call, either gb_keep_running or gb_keep_running_batch is called until it returns false, or gb_skip is
 *     called and the function returns.
 *  6. Strings are copied; the context pointer is passed on and never looked at.
 *  7. No C++ exception leaves these functions: the library throws where there is no memory, and then the program ends
 *     with a message, by abort().  The benchmark's function may not throw, nor leave by longjmp.
 *
 * Times are in seconds as double, as the library has them.  A call of gb_keep_running costs about 3 ns, being an
 * indirect call, so operations of nanoseconds are done in batches.
 */
#ifndef GCLAB_HARNESS_MICRO_GBENCH_H
#define GCLAB_HARNESS_MICRO_GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gb_benchmark;
struct gb_state;

typedef void gb_function(struct gb_state *state, void *context);

/*
 * Takes the library's options (--benchmark_filter=REGEX, --benchmark_format=json ...) out of argv; what is left,
 * argv[0] among it, is the caller's.  Where --help is among the arguments, the library prints its own and ends the
 * program with exit code 0; where one of its options has no valid value, with 1.
 */
void gb_initialize(int *argc, char **argv);

/* A pair of texts for the head of the JSON ("context"). */
void gb_add_context(const char *key, const char *value);

/*
 * Adds a benchmark.  Its full name, in results and for filters, has arguments and settings behind the name: name/1000.
 */
struct gb_benchmark *gb_register(const char *name, gb_function *function, void *context);

/* Runs it with this argument, or with these; each call adds one such run. */
void gb_add_argument(struct gb_benchmark *benchmark, int64_t value);
void gb_add_arguments(struct gb_benchmark *benchmark, const int64_t *values, size_t count);

/* Which time counts: by default the thread's CPU time decides how long to go on, and both are reported. */
void gb_use_real_time(struct gb_benchmark *benchmark);
void gb_use_manual_time(struct gb_benchmark *benchmark); /* what gb_set_iteration_time is told */

/* CPU time is that of all threads of the process. */
void gb_measure_process_cpu_time(struct gb_benchmark *benchmark);

enum gb_unit { GB_NANOSECOND, GB_MICROSECOND, GB_MILLISECOND, GB_SECOND };

/* In which unit times are printed; GB_NANOSECOND by default. */
void gb_set_unit(struct gb_benchmark *benchmark, enum gb_unit unit);

/* In place of what the command line says. */
void gb_set_iterations(struct gb_benchmark *benchmark, int64_t iterations); /* exactly so many, whatever it takes */
void gb_set_repetitions(struct gb_benchmark *benchmark, int repetitions);
void gb_set_min_time(struct gb_benchmark *benchmark, double seconds);

/* True: do it once more.  The first call starts the clock, the one that returns false stops it. */
bool gb_keep_running(struct gb_state *state);

/*
 * True: do it `iterations` times more.  A run may do up to iterations - 1 more than planned; the number reported
 * includes them.
 */
bool gb_keep_running_batch(struct gb_state *state, int64_t iterations);

/* The argument with this index, of those that the benchmark was given. */
int64_t gb_range(const struct gb_state *state, size_t index);

/* Iterations done so far, or of the whole run after its end. */
int64_t gb_iterations(const struct gb_state *state);

/* With gb_use_manual_time: what this iteration took, or this whole batch. */
void gb_set_iteration_time(struct gb_state *state, double seconds);

/* Stops and starts the clock inside of an iteration.  Each call costs some hundred nanoseconds that are counted. */
void gb_pause_timing(struct gb_state *state);
void gb_resume_timing(struct gb_state *state);

/* How a counter's value is shown; may be combined by |. */
enum gb_counter_flags {
  GB_COUNTER_PLAIN = 0,
  GB_COUNTER_RATE = 1,               /* divided by the seconds taken */
  GB_COUNTER_PER_ITERATION = 2,      /* divided by the iterations */
  GB_COUNTER_ITERATION_INVARIANT = 4 /* multiplied by the iterations: it was said for one */
};

/* Adds a column to the result.  Set after the loop. */
void gb_set_counter(struct gb_state *state, const char *name, double value, unsigned flags);

/* Shown behind the result. */
void gb_set_label(struct gb_state *state, const char *text);

/* Shown as rates. */
void gb_set_items_processed(struct gb_state *state, int64_t items);
void gb_set_bytes_processed(struct gb_state *state, int64_t bytes);

/* The benchmark cannot run, for this reason: reported in place of a time.  The function must return then. */
void gb_skip(struct gb_state *state, const char *reason);

/* Runs what was registered and matches the filter; results go to standard output.  Returns how many benchmarks ran. */
size_t gb_run(void);

/* Frees what the library holds: all benchmarks. */
void gb_shutdown(void);

#ifdef __cplusplus
}
#endif

#endif
