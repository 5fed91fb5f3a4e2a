/* The course of a campaign. */
#define _GNU_SOURCE
#include "harness/campaign/campaign.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/version.h"
#include "harness/campaign/agreement.h"
#include "harness/campaign/cores.h"
#include "harness/campaign/estimate.h"
#include "harness/campaign/host.h"
#include "harness/campaign/identity.h"
#include "harness/campaign/launch.h"
#include "harness/campaign/outcome.h"
#include "harness/campaign/precision.h"
#include "harness/campaign/preload.h"
#include "harness/campaign/progress.h"
#include "harness/campaign/results.h"
#include "harness/campaign/schedules.h"
#include "harness/campaign/summary.h"
#include "harness/campaign/watch.h"
#include "harness/catalogue/program.h"
#include "harness/platform/noise.h"
#include "harness/process/interrupt.h"

/* Measuring anew uses the seeds from here on, so that its inputs are not those of another block. */
enum { AGAIN_SEED_STRIDE = 1000 };

/* The time left is reckoned anew this often. */
static const uint64_t reckon_every_ns = 100000000;

/* How long the machine is looked at before and after the trials, and at each block. */
static const uint64_t noise_edge_ns = 100000000, noise_block_ns = 10000000;

enum end { END_COMPLETE, END_OUT_OF_BUDGET, END_INTERRUPTED, END_ENVIRONMENT };

struct campaign {
  const struct plan *plan;
  const struct plan_cells *cells;
  struct store *store;
  const struct campaign_options *options;
  char id[PLAN_ID_MAX];
  uint64_t seed; /* the plan's, or that of measuring anew */
  struct host host;
  struct results results;
  bool *done; /* by block, then cell */
  size_t missing;
  bool *precise; /* by cell: measured well enough, no more trials */
  size_t spared; /* trials that are missing and not needed */
  struct cores cores;
  struct schedules schedules;
  struct estimate estimate;
  struct progress progress;
  uint64_t others_ns, reckoned_ns; /* the time that the trials still missing will take, and when that was reckoned */
  int64_t oom_kills;
  bool warned_of_noise;
  uint64_t noise_ns; /* spent on looking at it */
  int presence;      /* a descriptor */
  uint64_t start_ns, processes_ns;
  size_t run;
  uint32_t searched_blocks; /* of a search: as far as it came */
};

static bool no_memory(void)
{
  fprintf(stderr, "gclab: there is not enough memory\n");
  return false;
}

/* ---- which trials there are ------------------------------------------------------------------------------------- */

static bool *done_flag(const struct campaign *campaign, uint32_t block, size_t cell)
{
  return &campaign->done[(size_t)block * campaign->cells->count + cell];
}

static bool load_results(struct campaign *campaign)
{
  const size_t total = (size_t)campaign->plan->blocks * campaign->cells->count;
  results_free(&campaign->results);
  memset(campaign->done, 0, total * sizeof *campaign->done);
  campaign->missing = total;
  if (!results_load(&campaign->results, campaign->store, campaign->id, campaign->cells)) return false;
  for (size_t i = 0; i < campaign->results.count; i++) {
    const struct result *result = &campaign->results.rows[i];
    if (result->block >= campaign->plan->blocks) continue;
    *done_flag(campaign, result->block, result->cell) = true;
    campaign->missing--;
  }
  return true;
}

/* The campaign as it is in the store; when measuring anew, the first that is not complete. */
static bool identify(struct campaign *campaign)
{
  const size_t total = (size_t)campaign->plan->blocks * campaign->cells->count;
  campaign->done = memory_require(calloc(total + 1, sizeof *campaign->done));
  campaign->precise = memory_require(calloc(campaign->cells->count + 1, sizeof *campaign->precise));
  campaign->seed = campaign->plan->seed;
  for (;;) {
    if (!identity_campaign(campaign->plan, campaign->seed, campaign->host.id, campaign->cells, campaign->id))
      return no_memory();
    if (!load_results(campaign)) return false;
    if (!campaign->options->again || campaign->missing > 0 || total == 0) return true;
    campaign->seed += AGAIN_SEED_STRIDE;
  }
}

static bool has_trial(const struct campaign *campaign, size_t cell)
{
  for (uint32_t block = 0; block < campaign->plan->blocks; block++) {
    if (*done_flag(campaign, block, cell)) return true;
  }
  return false;
}

static bool is_chosen(const struct campaign_choice *choices, size_t count, size_t cell)
{
  for (size_t i = 0; i < count; i++) {
    if (choices[i].cell == cell) return true;
  }
  return false;
}

/* With its cells: all, or, of a search, those that it has chosen and those with trials. */
static bool put_campaign(struct campaign *campaign, const struct campaign_choice *choices, size_t choice_count)
{
  char now[IDENTITY_TIME_MAX];
  identity_time_now(now);
  const struct store_host host = {
      .id = campaign->host.id, .name = campaign->host.name, .environment = campaign->host.environment};
  const struct store_campaign row = {.id = campaign->id,
                                     .name = campaign->plan->name,
                                     .host_id = campaign->host.id,
                                     .plan = campaign->plan->text != NULL ? campaign->plan->text : "",
                                     .command = campaign->options->command != NULL ? campaign->options->command : "",
                                     .version = GCLAB_VERSION,
                                     .revision = GCLAB_REVISION,
                                     .created_at = now,
                                     .updated_at = now,
                                     .status = campaign->missing > 0 ? "running" : "complete",
                                     .seed = campaign->seed,
                                     .blocks = campaign->options->search != NULL ? campaign->searched_blocks
                                                                                 : campaign->plan->blocks};
  struct store_cell *cells = memory_require(calloc(campaign->cells->count + 1, sizeof *cells));
  size_t count = 0;
  bool ok = true;
  for (size_t i = 0; ok && i < campaign->cells->count; i++) {
    if (campaign->options->search != NULL && !is_chosen(choices, choice_count, i) && !has_trial(campaign, i)) continue;
    ok = identity_store_cell(campaign->cells, i, &cells[count++]) || no_memory();
  }
  ok = ok && store_put_campaign(campaign->store, &host, &row, cells, count);
  for (size_t i = 0; i < count; i++) identity_store_cell_free(&cells[i]);
  free(cells);
  return ok;
}

/* ---- before and after ------------------------------------------------------------------------------------------- */

/*
 * A name that one process of the machine can have, and that goes when it ends: two campaigns at once disturb each
 * other.
 */
static void announce(struct campaign *campaign)
{
  static const char name[] = "\0gclab-campaign";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, sizeof name - 1);
  campaign->presence = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (campaign->presence < 0) return;
  const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name - 1);
  if (bind(campaign->presence, (struct sockaddr *)&address, length) != 0 && errno == EADDRINUSE)
    fprintf(stderr, "gclab: another campaign is running on this machine: the times of both will suffer\n");
}

static bool has_programs(const struct plan_cells *cells)
{
  for (size_t i = 0; i < cells->count; i++) {
    const char *path = cells->cells[i].collector->trial_path;
    if (access(path, X_OK) == 0) continue;
    fprintf(stderr, "gclab: %s: %s: build gclab again\n", path, strerror(errno));
    return false;
  }
  return true;
}

/*
 * A build that goes on beside a campaign replaces programs, or takes them away.  What another program does must not be
 * kept as this one's.  (To hash one takes a tenth of a millisecond.)
 */
static bool is_same_program(const struct catalogue_collector *of)
{
  char hash[CATALOGUE_HASH_MAX];
  errno = 0;
  if (!program_build_id(of->trial_path, of->layouts, hash))
    fprintf(stderr, "gclab: %s: %s: build it again, then run the same command to go on\n", of->trial_path,
            errno != 0 ? strerror(errno) : "it is empty");
  else if (strcmp(hash, of->build_id) != 0)
    fprintf(stderr, "gclab: %s was built anew while the campaign ran: run the same command to measure what it is now\n",
            of->trial_path);
  else
    return true;
  return false;
}

static bool begin(struct campaign *campaign)
{
  if (!interrupt_watch() || !has_programs(campaign->cells) || !preload_find(campaign->cells)) return false;
  if (!host_read(&campaign->host) || !estimate_begin(&campaign->estimate, campaign->cells)) return no_memory();
  if (!identify(campaign)) return false;
  if (campaign->options->id != NULL) snprintf(campaign->options->id, PLAN_ID_MAX, "%s", campaign->id);
  if (!put_campaign(campaign, NULL, 0)) return false;
  for (size_t i = 0; i < campaign->results.count; i++)
    estimate_add(&campaign->estimate, campaign->results.rows[i].cell, campaign->results.rows[i].process_ns);
  const size_t all = (size_t)campaign->plan->blocks * campaign->cells->count;
  const struct campaign_search *search = campaign->options->search;
  if (search != NULL) /* what is there counts when it is asked for: it may be of another search */
    progress_begin(&campaign->progress, campaign->options->quiet, 0, search->trials, 0);
  else
    progress_begin(&campaign->progress, campaign->options->quiet, all - campaign->missing, all, campaign->plan->blocks);

  if (campaign->missing == 0) return true;
  announce(campaign);
  cores_take(&campaign->cores, campaign->plan->pin);
  if (campaign->plan->pin && campaign->cores.trial < 0 && !campaign->options->quiet)
    fprintf(stderr, "gclab: there is one core only: trials share it with the harness\n");
  campaign->oom_kills = outcome_oom_kills();
  return true;
}

/* ---- a trial ---------------------------------------------------------------------------------------------------- */

static uint64_t missing_ns(const struct campaign *campaign)
{
  uint64_t total_ns = 0;
  if (campaign->options->search != NULL) {
    const size_t left =
        campaign->progress.total > campaign->progress.done ? campaign->progress.total - campaign->progress.done : 0;
    return campaign->run > 0 ? left * (campaign->processes_ns / campaign->run) : 0;
  }
  for (size_t cell = 0; cell < campaign->cells->count; cell++) {
    uint64_t trials = 0;
    for (uint32_t block = 0; block < campaign->plan->blocks; block++) trials += !*done_flag(campaign, block, cell);
    if (trials > 0) total_ns += trials * estimate_cell_ns(&campaign->estimate, cell);
  }
  return total_ns;
}

static char *make_label(const struct plan_cell *cell)
{
  char *varied = identity_varied_words(cell);
  const char *gap = *varied != '\0' ? " " : "";
  char *label = memory_format("%s %s%s%s%s", cell->collector->name, cell->workload->name, gap, varied,
                              cell->is_twin ? " (A/A)" : "");
  free(varied);
  return label;
}

static void show_trial(struct campaign *campaign, uint32_t block, size_t cell, const char *label)
{
  const uint64_t now_ns = clock_now_ns();
  const uint64_t trial_ns = estimate_cell_ns(&campaign->estimate, cell);
  if (campaign->reckoned_ns == 0 || now_ns - campaign->reckoned_ns >= reckon_every_ns) {
    campaign->others_ns = missing_ns(campaign);
    campaign->reckoned_ns = now_ns;
  }
  campaign->others_ns -= campaign->others_ns > trial_ns ? trial_ns : campaign->others_ns;
  progress_trial(&campaign->progress, block, label != NULL ? label : "", trial_ns, campaign->others_ns);
}

static void tick(void *context, uint64_t permille)
{
  struct campaign *campaign = context;
  progress_tick(&campaign->progress, permille);
}

static bool was_oom_killed(struct campaign *campaign, const struct watch *watch)
{
  if (!WIFSIGNALED(watch->status) || WTERMSIG(watch->status) != SIGKILL) return false;
  const int64_t before = campaign->oom_kills;
  campaign->oom_kills = outcome_oom_kills();
  return before >= 0 && campaign->oom_kills > before;
}

static void note_failure(struct campaign *campaign, const char *label)
{
  const struct result *result = &campaign->results.rows[campaign->results.count - 1];
  if (strcmp(result->outcome, "ok") == 0 || results_is_foreseen(result, campaign->cells)) return;
  char *reason = results_reason(result);
  progress_note(&campaign->progress, "gclab: %s, block %" PRIu32 ": %s: %s", label != NULL ? label : "a trial",
                result->block + 1, result->outcome, reason != NULL ? reason : "");
  free(reason);
}

static bool keep(struct campaign *campaign, const struct outcome *outcome, uint32_t block, size_t cell)
{
  if (!store_put_trial(campaign->store, &outcome->trial, &outcome->series)) return false;
  if (!results_add(&campaign->results, (uint32_t)cell, &outcome->trial)) return no_memory();
  *done_flag(campaign, block, cell) = true;
  campaign->missing--;
  campaign->run++;
  campaign->processes_ns += (uint64_t)outcome->trial.process_ns;
  estimate_add(&campaign->estimate, cell, outcome->trial.process_ns);
  return agreement_check(&campaign->results, campaign->results.count - 1, campaign->cells, campaign->store);
}

/* What a trial runs with besides its cell. */
struct support {
  const char *deaths_path; /* the schedule of its objects' deaths; NULL: none is needed, or there is none */
  const char *replayed;    /* what the collector is given to replay: the path, else why there is none; NULL: nothing */
  char *failure;           /* to be freed */
};

/* A collector that replays and has nothing to replay fails by saying so. */
static enum end find_support(struct campaign *campaign, const struct plan_cell *cell, uint64_t seed, const char *label,
                             struct support *support)
{
  char why[INSTRUMENT_ERROR_MAX];
  *support = (struct support){0};
  switch (schedules_find(&campaign->schedules, cell, seed, &support->deaths_path, why)) {
  case SCHEDULES_INTERRUPTED:
    return END_INTERRUPTED;
  case SCHEDULES_FAILED:
    progress_note(&campaign->progress, "gclab: %s: no death schedule: %s", label, why);
    support->failure = memory_format("no death schedule: %s", why);
    break;
  default:
    break;
  }
  if (schedules_is_replayed(cell))
    support->replayed = support->deaths_path != NULL ? support->deaths_path : support->failure;
  return END_COMPLETE;
}

/* Orders of linking are taken in turn, so that no result hangs on one of them. */
static unsigned layout_of(const struct catalogue_collector *of, uint32_t block)
{
  return of->layouts > 1 ? block % of->layouts : 0;
}

/* Runs one process and keeps what it leaves.  END_COMPLETE: all is well with the harness, whatever the outcome. */
static enum end run_trial(struct campaign *campaign, uint32_t block, uint32_t position, size_t cell, const char *label,
                          const struct support *support)
{
  static struct watch watch;
  const struct plan *plan = campaign->plan;
  const struct watch_options options = {.time_limit_ns = plan->time_limit_ns,
                                        .interrupt_fd = interrupt_fd(),
                                        .tick_ns = progress_tick_ns(&campaign->progress),
                                        .tick = tick,
                                        .context = campaign};
  char id[PLAN_ID_MAX];
  char started[IDENTITY_TIME_MAX];
  const uint64_t seed = campaign->seed + block;
  identity_trial(campaign->id, campaign->cells->cells[cell].id, block, seed, id);
  const struct launch launch = {.cell = &campaign->cells->cells[cell],
                                .trial_id = id,
                                .deaths_path = support->replayed,
                                .replay_path = plan->replay_path,
                                .layout = layout_of(campaign->cells->cells[cell].collector, block),
                                .seed = seed,
                                .memory_limit_bytes = plan->memory_limit_bytes,
                                .core = campaign->cores.trial};
  struct process process;
  const int64_t steal = cores_steal_ticks(campaign->cores.trial);
  identity_time_now(started);
  if (!is_same_program(launch.cell->collector)) return END_ENVIRONMENT;
  if (!launch_start(&launch, &process)) return END_ENVIRONMENT;
  watch_until_end(&process, &options, &watch);
  if (watch.interrupted) {
    launch_close(&process);
    return END_INTERRUPTED;
  }
  const int64_t steal_after = cores_steal_ticks(campaign->cores.trial);
  struct outcome outcome = {.trial = {.id = id,
                                      .campaign_id = campaign->id,
                                      .cell_id = launch.cell->id,
                                      .started_at = started,
                                      .block = block,
                                      .position = position,
                                      .seed = (int64_t)seed,
                                      .steal_ticks = steal < 0 || steal_after < 0 ? STORE_NONE : steal_after - steal}};
  outcome_derive(&outcome, launch.cell, &process, &watch, was_oom_killed(campaign, &watch));
  launch_close(&process);
  if (campaign->plan->floating && support->deaths_path != NULL)
    outcome_add_floating(&outcome, launch.cell, support->deaths_path);
  const bool kept = keep(campaign, &outcome, block, cell);
  outcome_release(&outcome);
  if (!kept) return END_ENVIRONMENT;
  progress_trial_done(&campaign->progress);
  note_failure(campaign, label);
  return END_COMPLETE;
}

/* ---- noise ------------------------------------------------------------------------------------------------------ */

/* Looks at the trials' core while none is running.  block is STORE_NONE before and after all of them. */
static bool sample_noise(struct campaign *campaign, const char *moment, int64_t block, uint64_t span_ns)
{
  char now[IDENTITY_TIME_MAX];
  const struct noise noise = noise_measure(span_ns, campaign->cores.trial);
  campaign->noise_ns += noise.span_ns;
  struct store_noise row = {.campaign_id = campaign->id,
                            .at = identity_time_now(now),
                            .moment = moment,
                            .block = block,
                            .span_ns = noise.span_ns,
                            .floor_ns = noise.floor_ns,
                            .gaps = noise.gaps,
                            .lost_ns = noise.lost_ns,
                            .longest_ns = noise.longest_ns};
  _Static_assert(sizeof row.histogram == sizeof noise.histogram, "the same buckets");
  memcpy(row.histogram, noise.histogram, sizeof row.histogram);
  if (block == STORE_NONE && noise_is_doubtful(&noise) && !campaign->warned_of_noise && !campaign->options->quiet) {
    progress_note(&campaign->progress,
                  "gclab: this machine is noisy: %.1f %% of the time lost, a gap of %.1f ms; 'gclab doctor' says more",
                  100 * noise_share(&noise), (double)noise.longest_ns / 1e6);
    campaign->warned_of_noise = true;
  }
  return store_put_noise(campaign->store, &row);
}

/* ---- all trials ------------------------------------------------------------------------------------------------- */

static bool is_block_done(const struct campaign *campaign, uint32_t block)
{
  for (size_t cell = 0; cell < campaign->cells->count; cell++) {
    if (!*done_flag(campaign, block, cell) && !campaign->precise[cell]) return false;
  }
  return true;
}

/* Who needs no trial in this block, by the whole blocks before it; and how many are spared so. */
static void look_at_precision(struct campaign *campaign, uint32_t block)
{
  if (campaign->plan->precision <= 0) return;
  precision_find_done(&campaign->results, campaign->cells, block, campaign->plan->precision, campaign->precise);
  for (size_t cell = 0; cell < campaign->cells->count; cell++)
    campaign->spared += campaign->precise[cell] && !*done_flag(campaign, block, cell);
}

/* A trial of a cell that has none in this block yet, unless it is time to end. */
static enum end run_cell(struct campaign *campaign, uint32_t block, uint32_t position, size_t cell)
{
  const uint64_t budget_ns = campaign->plan->budget_ns;
  if (interrupt_is_asked()) return END_INTERRUPTED;
  if (budget_ns > 0 && clock_now_ns() - campaign->start_ns - campaign->noise_ns >= budget_ns) return END_OUT_OF_BUDGET;
  struct support support;
  char *label = make_label(&campaign->cells->cells[cell]);
  show_trial(campaign, block, cell, label);
  enum end end = find_support(campaign, &campaign->cells->cells[cell], campaign->seed + block, label, &support);
  if (end == END_COMPLETE) end = run_trial(campaign, block, position, cell, label, &support);
  campaign->progress.label = "";
  free(support.failure);
  free(label);
  return end;
}

static enum end run_block(struct campaign *campaign, uint32_t block, uint32_t *order)
{
  look_at_precision(campaign, block);
  if (is_block_done(campaign, block)) return END_COMPLETE;
  if (!sample_noise(campaign, "block", block, noise_block_ns)) return END_ENVIRONMENT;
  const size_t count = campaign->cells->count;
  plan_block_order(campaign->seed, block, count, order);
  if (block == 0) plan_fill_in(campaign->cells, order);
  enum end end = END_COMPLETE;
  for (uint32_t position = 0; position < count && end == END_COMPLETE; position++) {
    const size_t cell = order[position];
    if (*done_flag(campaign, block, cell) || campaign->precise[cell]) continue;
    end = run_cell(campaign, block, position, cell);
  }
  schedules_forget(&campaign->schedules);
  return end;
}

/* The first block that the cell has no trial in; as many as there are, where it has them all. */
static uint32_t next_block(const struct campaign *campaign, size_t cell)
{
  uint32_t block = 0;
  while (block < campaign->plan->blocks && *done_flag(campaign, block, cell)) block++;
  return block;
}

/* The widest interval gets another block, of its cell and of its base, whichever comes first. */
static enum end run_pair(struct campaign *campaign, size_t cell, uint32_t *order)
{
  const uint32_t block = next_block(campaign, cell);
  const size_t pair[] = {cell, precision_base_of(campaign->cells, cell)};
  enum end end = END_COMPLETE;
  plan_block_order(campaign->seed, block, 2, order);
  for (uint32_t i = 0; i < 2 && end == END_COMPLETE; i++) {
    if (!*done_flag(campaign, block, pair[order[i]])) end = run_cell(campaign, block, i, pair[order[i]]);
  }
  schedules_forget(&campaign->schedules);
  return end;
}

/* What is left of the budget. */
static enum end run_widest(struct campaign *campaign, uint32_t *order)
{
  const size_t count = campaign->cells->count;
  double *widths = memory_require(calloc(count + 1, sizeof *widths));
  bool *may_go_on = memory_require(calloc(count + 1, sizeof *may_go_on));
  for (size_t cell = 0; cell < count; cell++) {
    may_go_on[cell] = precision_base_of(campaign->cells, cell) != cell;
    widths[cell] = precision_half_width(&campaign->results, campaign->cells, cell, campaign->plan->blocks);
  }
  enum end end = END_COMPLETE;
  while (end == END_COMPLETE) {
    for (size_t cell = 0; cell < count; cell++)
      may_go_on[cell] = may_go_on[cell] && next_block(campaign, cell) < campaign->plan->blocks;
    const size_t widest = precision_widest(widths, may_go_on, count, campaign->plan->precision);
    if (widest == count) break;
    end = run_pair(campaign, widest, order);
    widths[widest] = precision_half_width(&campaign->results, campaign->cells, widest, campaign->plan->blocks);
  }
  if (end == END_COMPLETE) campaign->spared = campaign->missing;
  free(may_go_on);
  free(widths);
  return end;
}

/* What it asks for, as far as it is not there. */
static enum end run_choices(struct campaign *campaign, const struct campaign_choice *choices, size_t count)
{
  if (!put_campaign(campaign, choices, count)) return END_ENVIRONMENT;
  enum end end = END_COMPLETE;
  for (size_t i = 0; i < count && end == END_COMPLETE; i++) {
    if (*done_flag(campaign, choices[i].block, choices[i].cell))
      campaign->progress.done++;
    else
      end = run_cell(campaign, choices[i].block, (uint32_t)i, choices[i].cell);

    if (choices[i].block >= campaign->searched_blocks) campaign->searched_blocks = choices[i].block + 1;
  }
  schedules_forget(&campaign->schedules);
  return end;
}

static enum end run_search(struct campaign *campaign)
{
  const struct campaign_search *search = campaign->options->search;
  enum end end = sample_noise(campaign, "before", STORE_NONE, noise_edge_ns) ? END_COMPLETE : END_ENVIRONMENT;
  while (end == END_COMPLETE) {
    size_t count = 0;
    const struct campaign_choice *choices = search->next(search->context, campaign->id, &count);
    if (choices == NULL) break;
    if (!sample_noise(campaign, "block", choices[0].block, noise_block_ns)) return END_ENVIRONMENT;
    end = run_choices(campaign, choices, count);
  }
  if (end == END_COMPLETE && !sample_noise(campaign, "after", STORE_NONE, noise_edge_ns)) end = END_ENVIRONMENT;
  if (end == END_COMPLETE) campaign->missing = 0;
  return end;
}

static enum end run_blocks(struct campaign *campaign)
{
  if (campaign->options->search != NULL) return run_search(campaign);
  if (campaign->missing == 0) return END_COMPLETE;
  uint32_t *order = memory_require(calloc(campaign->cells->count + 1, sizeof *order));
  enum end end = sample_noise(campaign, "before", STORE_NONE, noise_edge_ns) ? END_COMPLETE : END_ENVIRONMENT;
  const bool to_the_widest = campaign->plan->precision > 0 && campaign->plan->budget_ns > 0;
  uint32_t blocks = campaign->plan->blocks;
  if (to_the_widest && blocks > PLAN_PRECISE_BLOCKS_LEAST) blocks = PLAN_PRECISE_BLOCKS_LEAST;
  for (uint32_t block = 0; block < blocks && end == END_COMPLETE; block++) end = run_block(campaign, block, order);
  if (to_the_widest && end == END_COMPLETE) end = run_widest(campaign, order);
  if (end == END_COMPLETE && !sample_noise(campaign, "after", STORE_NONE, noise_edge_ns)) end = END_ENVIRONMENT;
  free(order);
  return end;
}

static void summarize(const struct campaign *campaign, const char *status)
{
  const struct summary summary = {.plan = campaign->plan,
                                  .cells = campaign->cells,
                                  .results = &campaign->results,
                                  .campaign_id = campaign->id,
                                  .store_path = store_path(campaign->store),
                                  .status = status,
                                  .missing = campaign->missing,
                                  .run = campaign->run,
                                  .elapsed_ns = clock_now_ns() - campaign->start_ns,
                                  .noise_ns = campaign->noise_ns,
                                  .processes_ns = campaign->processes_ns,
                                  .command = campaign->options->command,
                                  .about = campaign->options->about};
  if (campaign->options->json)
    summary_print_json(&summary);
  else
    summary_print(&summary);
  fflush(stdout);
}

static bool all_is_well(const struct campaign *campaign)
{
  for (size_t i = 0; i < campaign->results.count; i++) {
    const struct result *result = &campaign->results.rows[i];
    if (strcmp(result->outcome, "ok") != 0 && !results_is_foreseen(result, campaign->cells)) return false;
  }
  return true;
}

static int finish(struct campaign *campaign, enum end end)
{
  static const char *const texts[] = {[END_COMPLETE] = "complete",
                                      [END_OUT_OF_BUDGET] = "out_of_budget",
                                      [END_INTERRUPTED] = "interrupted",
                                      [END_ENVIRONMENT] = "interrupted"};
  progress_end(&campaign->progress);
  if (campaign->run == 0 && campaign->missing == 0 && !campaign->options->quiet && !campaign->options->no_summary)
    fprintf(stderr, "gclab: every trial is there already; --again measures anew\n");
  /* A harness that was killed may have kept a trial and not compared it yet. */
  bool ok = true;
  for (size_t i = 0; i < campaign->results.count; i++)
    ok = agreement_check(&campaign->results, i, campaign->cells, campaign->store) && ok;
  const bool all_needed = campaign->missing == campaign->spared;
  const char *status = campaign->missing == 0 ? "complete" : all_needed ? "precise" : texts[end];
  campaign->missing -= campaign->spared;
  const uint32_t blocks = campaign->options->search != NULL ? campaign->searched_blocks : campaign->plan->blocks;
  ok = store_set_status(campaign->store, campaign->id, status, blocks) && ok;
  const size_t disagreements = agreement_report(&campaign->results, campaign->cells);
  if (end == END_OUT_OF_BUDGET && !campaign->options->quiet && !campaign->options->no_summary)
    fprintf(stderr, "gclab: the budget is used up: %zu of %zu trials are missing\n", campaign->missing,
            campaign->progress.total);
  if (!campaign->options->no_summary) summarize(campaign, status);
  if (end == END_INTERRUPTED) return CAMPAIGN_INTERRUPTED;
  if (end == END_ENVIRONMENT || !ok) return CAMPAIGN_ENVIRONMENT;
  return disagreements == 0 && all_is_well(campaign) ? CAMPAIGN_DONE : CAMPAIGN_TRIAL_FAILED;
}

int campaign_run(const struct plan *plan, const struct plan_cells *cells, struct store *store,
                 const struct campaign_options *options)
{
  struct campaign campaign = {.plan = plan,
                              .cells = cells,
                              .store = store,
                              .options = options,
                              .cores = {.trial = -1, .harness = -1},
                              .presence = -1,
                              .schedules = {.instrument = options->instrument, .for_all = plan->floating},
                              .start_ns = clock_now_ns()};
  const int code = begin(&campaign) ? finish(&campaign, run_blocks(&campaign)) : CAMPAIGN_ENVIRONMENT;
  cores_give_back(&campaign.cores);
  schedules_release(&campaign.schedules);
  interrupt_release();
  if (campaign.presence >= 0) close(campaign.presence);
  estimate_end(&campaign.estimate);
  results_free(&campaign.results);
  host_free(&campaign.host);
  free(campaign.done);
  free(campaign.precise);
  return code;
}
