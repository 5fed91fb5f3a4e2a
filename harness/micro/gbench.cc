// gbench.h on Google Benchmark.  The opaque structs are the library's objects under another name.
#include "harness/micro/gbench.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace
{

benchmark::State &state_of(gb_state *state) { return *reinterpret_cast<benchmark::State *>(state); }

const benchmark::State &state_of(const gb_state *state) { return *reinterpret_cast<const benchmark::State *>(state); }

benchmark::internal::Benchmark &benchmark_of(gb_benchmark *pointer)
{
  return *reinterpret_cast<benchmark::internal::Benchmark *>(pointer);
}

[[noreturn]] void give_up(const char *what)
{
  std::fprintf(stderr, "gbench: %s\n", what);
  std::abort();
}

// No exception crosses into C.
template <typename Function> auto guarded(Function function) noexcept -> decltype(function())
{
  try {
    return function();
  } catch (const std::exception &exception) {
    give_up(exception.what());
  } catch (...) {
    give_up("an exception of unknown type");
  }
}

benchmark::TimeUnit unit_of(gb_unit unit)
{
  switch (unit) {
  case GB_SECOND:
    return benchmark::kSecond;
  case GB_MILLISECOND:
    return benchmark::kMillisecond;
  case GB_MICROSECOND:
    return benchmark::kMicrosecond;
  case GB_NANOSECOND:
    break;
  }
  return benchmark::kNanosecond;
}

benchmark::Counter::Flags flags_of(unsigned flags)
{
  unsigned result = benchmark::Counter::kDefaults;
  if ((flags & GB_COUNTER_RATE) != 0) result |= benchmark::Counter::kIsRate;
  if ((flags & GB_COUNTER_PER_ITERATION) != 0) result |= benchmark::Counter::kAvgIterations;
  if ((flags & GB_COUNTER_ITERATION_INVARIANT) != 0) result |= benchmark::Counter::kIsIterationInvariant;
  return static_cast<benchmark::Counter::Flags>(result);
}

} // namespace

void gb_initialize(int *argc, char **argv)
{
  guarded([&] { benchmark::Initialize(argc, argv); });
}

void gb_add_context(const char *key, const char *value)
{
  guarded([&] { benchmark::AddCustomContext(key, value); });
}

gb_benchmark *gb_register(const char *name, gb_function *function, void *context)
{
  return guarded([&] {
    auto *registered = benchmark::RegisterBenchmark(
        name, [=](benchmark::State &state) { function(reinterpret_cast<gb_state *>(&state), context); });
    return reinterpret_cast<gb_benchmark *>(registered);
  });
}

void gb_add_argument(gb_benchmark *benchmark, int64_t value)
{
  guarded([&] { benchmark_of(benchmark).Arg(value); });
}

void gb_add_arguments(gb_benchmark *benchmark, const int64_t *values, size_t count)
{
  guarded([&] { benchmark_of(benchmark).Args(std::vector<int64_t>(values, values + count)); });
}

void gb_use_real_time(gb_benchmark *benchmark)
{
  guarded([&] { benchmark_of(benchmark).UseRealTime(); });
}

void gb_use_manual_time(gb_benchmark *benchmark)
{
  guarded([&] { benchmark_of(benchmark).UseManualTime(); });
}

void gb_measure_process_cpu_time(gb_benchmark *benchmark)
{
  guarded([&] { benchmark_of(benchmark).MeasureProcessCPUTime(); });
}

void gb_set_unit(gb_benchmark *benchmark, gb_unit unit)
{
  guarded([&] { benchmark_of(benchmark).Unit(unit_of(unit)); });
}

void gb_set_iterations(gb_benchmark *benchmark, int64_t iterations)
{
  guarded([&] { benchmark_of(benchmark).Iterations(iterations); });
}

void gb_set_repetitions(gb_benchmark *benchmark, int repetitions)
{
  guarded([&] { benchmark_of(benchmark).Repetitions(repetitions); });
}

void gb_set_min_time(gb_benchmark *benchmark, double seconds)
{
  guarded([&] { benchmark_of(benchmark).MinTime(seconds); });
}

bool gb_keep_running(gb_state *state)
{
  return guarded([&] { return state_of(state).KeepRunning(); });
}

bool gb_keep_running_batch(gb_state *state, int64_t iterations)
{
  return guarded([&] { return state_of(state).KeepRunningBatch(iterations); });
}

int64_t gb_range(const gb_state *state, size_t index)
{
  return guarded([&] { return state_of(state).range(index); });
}

int64_t gb_iterations(const gb_state *state)
{
  return guarded([&] { return static_cast<int64_t>(state_of(state).iterations()); });
}

void gb_set_iteration_time(gb_state *state, double seconds)
{
  guarded([&] { state_of(state).SetIterationTime(seconds); });
}

void gb_pause_timing(gb_state *state)
{
  guarded([&] { state_of(state).PauseTiming(); });
}

void gb_resume_timing(gb_state *state)
{
  guarded([&] { state_of(state).ResumeTiming(); });
}

void gb_set_counter(gb_state *state, const char *name, double value, unsigned flags)
{
  guarded([&] { state_of(state).counters[name] = benchmark::Counter(value, flags_of(flags)); });
}

void gb_set_label(gb_state *state, const char *text)
{
  guarded([&] { state_of(state).SetLabel(text); });
}

void gb_set_items_processed(gb_state *state, int64_t items)
{
  guarded([&] { state_of(state).SetItemsProcessed(items); });
}

void gb_set_bytes_processed(gb_state *state, int64_t bytes)
{
  guarded([&] { state_of(state).SetBytesProcessed(bytes); });
}

void gb_skip(gb_state *state, const char *reason)
{
  guarded([&] { state_of(state).SkipWithError(reason); });
}

size_t gb_run(void)
{
  return guarded([] { return benchmark::RunSpecifiedBenchmarks(); });
}

void gb_shutdown(void)
{
  guarded([] { benchmark::Shutdown(); });
}
