/* costs: fits what collections take to those that were seen.  Internal to this folder. */
#ifndef GCLAB_HARNESS_PREDICT_COSTS_H
#define GCLAB_HARNESS_PREDICT_COSTS_H

#include "harness/predict/predict.h"

struct costs_sample {
  double objects; /* looked at */
  double freed, pause_ns;
};

void costs_fit(struct predict_costs *costs, const struct costs_sample *samples, size_t count);

/* Of a collection that looks at so many objects and frees so many of them. */
double costs_pause_ns(const struct predict_costs *costs, double objects, double freed);
double costs_object_ns(const struct predict_costs *costs, double objects);

#endif
