#define _GNU_SOURCE
#include "harness/characterise/suite.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "harness/campaign/identity.h"

/* Every parameter as text, or only those that are not what they are at the size. */
static char *settings_json(const struct pass_request *request, const enum setting_size *unless_at)
{
  const struct catalogue_workload *workload = request->workload;
  json_t *object = json_object();
  for (size_t i = 0; i < workload->parameter_count; i++) {
    const struct setting *row = &workload->parameters[i];
    char text[SETTING_TEXT_MAX];
    if (unless_at != NULL && request->parameters[i] == setting_at_size(row, *unless_at)) continue;
    json_object_set_new(object, row->name, json_string(setting_format(row, request->parameters[i], text)));
  }
  char *text = memory_require(json_dumps(object, JSON_COMPACT));
  json_decref(object);
  return text;
}

void suite_id(const struct pass_request *request, char *id)
{
  char *parameters = settings_json(request, NULL);
  char *text = memory_format("gclab-characterisation-1\n%s\n%s\n%" PRIu64 "\n%s\n%s\n", request->workload->name,
                             parameters, request->seed, request->instrument->build_id,
                             request->marksweep != NULL ? request->marksweep->build_id : "-");
  identity_hash(text, strlen(text), id);
  free(text);
  free(parameters);
}

static size_t gather_points(const struct characterisation *from, struct store_point *points)
{
  size_t count = 0;
  for (size_t i = 0; i < from->live_count; i++)
    points[count++] = (struct store_point){"live", from->live[i].x, from->live[i].y};
  for (size_t i = 0; i < from->survival_count; i++)
    points[count++] = (struct store_point){"survival", from->survival[i].x, from->survival[i].y};
  return count;
}

bool suite_put(struct store *store, const struct pass_request *request, enum setting_size size,
               const struct characterisation *characterisation, const char *checksum)
{
  char id[SUITE_ID_MAX];
  char now[IDENTITY_TIME_MAX];
  char *parameters = settings_json(request, NULL);
  char *varied = settings_json(request, &size);
  suite_id(request, id);
  struct store_measure measures[MEASURES];
  struct store_point points[CURVE_LIVE_POINTS + CURVE_AGES];
  size_t count = 0;
  for (int i = 0; i < MEASURES; i++) {
    const double value = characterisation->values[i];
    if (!isnan(value)) measures[count++] = (struct store_measure){measure_rows[i].name, value};
  }
  const struct store_characterisation row = {.id = id,
                                             .workload = request->workload->name,
                                             .size = setting_size_names[size],
                                             .parameters = parameters,
                                             .varied = varied,
                                             .seed = request->seed,
                                             .build_id = request->instrument->build_id,
                                             .heap_build_id =
                                                 request->marksweep != NULL ? request->marksweep->build_id : NULL,
                                             .checksum = checksum,
                                             .version = GCLAB_VERSION,
                                             .revision = GCLAB_REVISION,
                                             .created_at = identity_time_now(now)};
  const bool done =
      store_put_characterisation(store, &row, measures, count, points, gather_points(characterisation, points));
  free(parameters);
  free(varied);
  return done;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A row that is wanted, and the newest so far of its workload. */
struct found {
  char id[SUITE_ID_MAX];
  char *workload;
};

struct search {
  const char *size, *id; /* of this size with nothing varied; or only the one with this id */
  struct found *list;
  size_t count;
  struct suite *suite;
};

static bool see(void *context, const struct store_characterisation *row)
{
  struct search *search = context;
  const bool wanted = search->id != NULL ? strcmp(row->id, search->id) == 0
                                         : strcmp(row->size, search->size) == 0 && strcmp(row->varied, "{}") == 0;
  if (!wanted) return true;
  size_t i = 0;
  while (i < search->count && strcmp(search->list[i].workload, row->workload) != 0) i++;
  if (i == search->count) {
    search->list = memory_require(reallocarray(search->list, search->count + 1, sizeof *search->list));
    search->list[search->count++].workload = memory_require(strdup(row->workload));
  }
  snprintf(search->list[i].id, SUITE_ID_MAX, "%s", row->id);
  struct suite *suite = search->suite;
  free(suite->version);
  free(suite->revision);
  suite->version = memory_require(strdup(row->version));
  suite->revision = memory_require(strdup(row->revision));
  return true;
}

static bool take_measure(void *context, const struct store_measure *measure)
{
  struct characterisation *into = context;
  const int row = measure_find(measure->name);
  if (row >= 0) into->values[row] = measure->value;
  return true;
}

static bool take_point(void *context, const struct store_point *point)
{
  struct characterisation *into = context;
  const struct curve_point at = {point->x, point->y};
  if (strcmp(point->curve, "live") == 0 && into->live_count < CURVE_LIVE_POINTS) into->live[into->live_count++] = at;
  if (strcmp(point->curve, "survival") == 0 && into->survival_count < CURVE_AGES)
    into->survival[into->survival_count++] = at;
  return true;
}

static bool load(struct store *store, const struct found *found, struct characterisation *into)
{
  into->live_count = into->survival_count = 0;
  for (size_t i = 0; i < MEASURES; i++) into->values[i] = NAN;
  return store_each_measure(store, found->id, take_measure, into) &&
         store_each_point(store, found->id, take_point, into);
}

static int compare(const void *left, const void *right)
{
  const struct characterisation *a = left;
  const struct characterisation *b = right;
  return strcmp(a->workload, b->workload);
}

/* In the place of the workload's, or at the end. */
static struct characterisation *place_of(struct suite *suite, const char *workload)
{
  for (size_t i = 0; i < suite->count; i++) {
    if (strcmp(suite->list[i].workload, workload) == 0) return &suite->list[i];
  }
  suite->list = memory_require(reallocarray(suite->list, suite->count + 1, sizeof *suite->list));
  struct characterisation *place = &suite->list[suite->count++];
  *place = (struct characterisation){.workload = memory_require(strdup(workload))};
  return place;
}

static bool gather(struct store *store, struct search *search)
{
  bool ok = store_each_characterisation(store, see, search);
  for (size_t i = 0; i < search->count; i++) {
    if (ok) ok = load(store, &search->list[i], place_of(search->suite, search->list[i].workload));
    free(search->list[i].workload);
  }
  free(search->list);
  if (search->suite->count > 1) qsort(search->suite->list, search->suite->count, sizeof *search->suite->list, compare);
  return ok;
}

bool suite_load(struct store *store, enum setting_size size, struct suite *suite)
{
  *suite = (struct suite){0};
  struct search search = {.size = setting_size_names[size], .suite = suite};
  return gather(store, &search);
}

bool suite_take(struct store *store, const char *id, struct suite *suite)
{
  struct search search = {.id = id, .suite = suite};
  return gather(store, &search);
}

void suite_free(struct suite *suite)
{
  for (size_t i = 0; i < suite->count; i++) free(suite->list[i].workload);
  free(suite->list);
  free(suite->version);
  free(suite->revision);
  *suite = (struct suite){0};
}
