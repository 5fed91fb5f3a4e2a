#include "harness/figures/axis.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/text/text.h"

bool axis_is_empty(const struct axis *axis) { return axis->low > axis->high; }

void axis_include(struct axis *axis, double value)
{
  if (!isfinite(value)) return;
  if (axis_is_empty(axis)) {
    axis->low = axis->high = value;
    return;
  }
  if (value < axis->low) axis->low = value;
  if (value > axis->high) axis->high = value;
}

double axis_fraction(const struct axis *axis, double value)
{
  if (axis->log) return (log(value) - log(axis->low)) / (log(axis->high) - log(axis->low));
  return (value - axis->low) / (axis->high - axis->low);
}

double axis_value(const struct axis *axis, double fraction)
{
  if (axis->log) return exp(log(axis->low) + fraction * (log(axis->high) - log(axis->low)));
  return axis->low + fraction * (axis->high - axis->low);
}

void axis_pad(struct axis *axis, double below, double above)
{
  if (axis->high <= axis->low) { /* one value alone */
    axis->high = axis->log ? axis->low * 1.5 : axis->low + 1;
    axis->low = axis->log ? axis->low / 1.5 : axis->low - 1;
  }
  const double low = axis_value(axis, -below), high = axis_value(axis, 1 + above);
  axis->low = low;
  axis->high = high;
}

void axis_tick(struct axis *axis, double position, const char *text)
{
  text_append(&axis->ticks, "%s\"", axis->ticks != NULL ? ", " : "");
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '%')
      text_append(&axis->ticks, "%%%%"); /* a tick's text is a format */
    else
      text_append(&axis->ticks, "%c", *c == '"' || *c == '\\' || *c == '`' ? ' ' : *c);
  }
  text_append(&axis->ticks, "\" %.12g", position);
}

void axis_minor_tick(struct axis *axis, double position)
{
  text_append(&axis->ticks, "%s\"\" %.12g 1", axis->ticks != NULL ? ", " : "", position);
}

static bool inside(const struct axis *axis, double value)
{
  const double slack = (axis->high - axis->low) * 1e-9;
  return value >= axis->low - slack && value <= axis->high + slack;
}

/* Ticks at multiples[m] * base^k; labelled ones first, then minor ones where multiples are left. */
static void log_ticks_at(struct axis *axis, axis_formatter *format, int base, const double *labelled, size_t count,
                         int every)
{
  char text[TEXT_NUMBER_MAX];
  const int first = (int)floor(log(axis->low) / log(base)) - 1, last = (int)ceil(log(axis->high) / log(base)) + 1;
  for (int k = first; k <= last; k++) {
    const double decade = pow(base, k);
    for (int m = 1; m < base; m++) {
      bool text_here = false;
      for (size_t i = 0; i < count; i++) text_here |= labelled[i] == m;
      text_here &= ((k % every) + every) % every == 0;
      const double value = decade * m;
      if (!inside(axis, value)) continue;
      if (text_here)
        axis_tick(axis, value, format(value, text));
      else if (every == 1 || m == 1)
        axis_minor_tick(axis, value);
    }
  }
}

static void note_unit(struct axis *axis, axis_formatter *format)
{
  if (format == text_duration_tick) axis->unit = "ns";
  if (format == text_bytes_tick) axis->unit = "bytes";
}

void axis_log_ticks(struct axis *axis, axis_formatter *format, int base, double length_px, double points)
{
  note_unit(axis, format);
  static const double one[] = {1}, three[] = {1, 2, 5}, two[] = {1, 3}, seven[] = {1, 2, 3, 4, 5, 6, 8};
  const double octaves = log(axis->high / axis->low) / log(base);
  const double room = length_px / octaves / (points * 96 / 72); /* lines of text a decade */
  if (base == 10 && octaves < 1 && room > 20)
    log_ticks_at(axis, format, base, seven, 7, 1);
  else if (base == 10 && octaves < 1.5 && room > 6)
    log_ticks_at(axis, format, base, three, 3, 1);
  else if (base == 10 && octaves < 2.2 && room > 4)
    log_ticks_at(axis, format, base, two, 2, 1);
  else
    log_ticks_at(axis, format, base, one, 1, room > 1.6 ? 1 : (int)ceil(1.6 / room));
}

void axis_linear_ticks(struct axis *axis, axis_formatter *format, bool binary, int wanted)
{
  note_unit(axis, format);
  static const double decimal_steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
  static const double binary_steps[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  const double raw = (axis->high - axis->low) / wanted, base = binary ? 1024 : 1000;
  const double unit = pow(base, floor(log(raw) / log(base)));
  const double *steps = binary ? binary_steps : decimal_steps;
  double step = unit * base;
  for (size_t i = 0; i < (binary ? 11 : 10); i++) {
    if (steps[i] * unit < raw * 0.999) continue;
    step = steps[i] * unit;
    break;
  }
  char text[TEXT_NUMBER_MAX];
  for (double k = ceil(axis->low / step - 1e-9) + 0.0; k * step <= axis->high * (1 + 1e-9); k++)
    axis_tick(axis, k * step, format(k * step, text));
}

void axis_free(struct axis *axis)
{
  free(axis->ticks);
  axis->ticks = NULL;
}

/*
 * Pool adjacent violators: labels in order of their positions; clusters that overlap are merged and centred on the
 * mean of what their members wished, until none overlap.
 */
struct cluster {
  double centre;
  size_t first, count;
};

static void clamp(struct cluster *cluster, double gap, double low, double high)
{
  const double half = gap * (double)(cluster->count - 1) / 2;
  if (cluster->centre + half > high) cluster->centre = high - half;
  if (cluster->centre - half < low) cluster->centre = low + half;
}

void axis_spread(double *positions, size_t count, double gap, double low, double high)
{
  if (count == 0) return;
  size_t *order = text_allocate(count * sizeof *order);
  struct cluster *clusters = text_allocate(count * sizeof *clusters);
  for (size_t i = 0; i < count; i++) {
    size_t at = i;
    while (at > 0 && positions[order[at - 1]] > positions[i]) {
      order[at] = order[at - 1];
      at--;
    }
    order[at] = i;
  }
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    clusters[n++] = (struct cluster){.centre = positions[order[i]], .first = i, .count = 1};
    clamp(&clusters[n - 1], gap, low, high);
    while (n > 1) {
      struct cluster *a = &clusters[n - 2], *b = &clusters[n - 1];
      if (b->centre - a->centre >= gap * (double)(a->count + b->count) / 2 - 1e-9) break;
      double sum = 0;
      for (size_t k = 0; k < a->count + b->count; k++) sum += positions[order[a->first + k]];
      a->count += b->count;
      a->centre = sum / (double)a->count;
      clamp(a, gap, low, high);
      n--;
    }
  }
  double *placed = text_allocate(count * sizeof *placed);
  for (size_t c = 0; c < n; c++) {
    for (size_t k = 0; k < clusters[c].count; k++)
      placed[order[clusters[c].first + k]] =
          clusters[c].centre + gap * ((double)k - (double)(clusters[c].count - 1) / 2);
  }
  memcpy(positions, placed, count * sizeof *positions);
  free(placed);
  free(clusters);
  free(order);
}

static double overlap(double a0, double a1, double b0, double b1)
{
  const double from = a0 > b0 ? a0 : b0, to = a1 < b1 ? a1 : b1;
  return to > from ? to - from : 0;
}

struct frame {
  double left, right, top, bottom;
};

/* How much a text box at (x, y) collides with what is there: square pixels. */
static double collisions(const struct axis_label *labels, size_t count, size_t self, double x, double y,
                         const struct frame *frame)
{
  const struct axis_label *me = &labels[self];
  const double top = y - me->height / 2, bottom = y + me->height / 2, reach = 5;
  double cost = 0;
  for (size_t i = 0; i < count; i++) {
    const struct axis_label *other = &labels[i];
    cost += overlap(x, x + me->width, other->x - reach, other->x + reach) *
            overlap(top, bottom, other->y - reach, other->y + reach) * (i == self ? 1 : 3);
    if (i < self)
      cost += 4 * overlap(x - 2, x + me->width + 2, other->at_x, other->at_x + other->width) *
              overlap(top, bottom, other->at_y - other->height / 2, other->at_y + other->height / 2);
  }
  if (x < frame->left) cost += (frame->left - x) * 1000;
  if (x + me->width > frame->right) cost += (x + me->width - frame->right) * 1000;
  if (top < frame->top) cost += (frame->top - top) * 1000;
  if (bottom > frame->bottom) cost += (bottom - frame->bottom) * 1000;
  return cost;
}

void axis_place_labels(struct axis_label *labels, size_t count, double left, double right, double top, double bottom)
{
  static const struct {
    double x, y; /* of the text's centre from the point: in halves of its width plus a gap, and in its heights */
  } places[] = {{1, 0},    {1, -0.7},   {1, 0.7},   {0, -1.1},    {0, 1.1},    {-1, 0},   {-1, -0.7},
                {-1, 0.7}, {0.5, -1.7}, {0.5, 1.7}, {-0.5, -1.7}, {-0.5, 1.7}, {0, -2.4}, {0, 2.4}};
  const struct frame frame = {left, right, top, bottom};
  for (size_t i = 0; i < count; i++) {
    if (labels[i].width == 0) continue;
    double best = DBL_MAX;
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
      const double x = labels[i].x + places[p].x * (labels[i].width / 2 + 8) - labels[i].width / 2;
      const double y = labels[i].y + places[p].y * labels[i].height;
      const double cost = collisions(labels, count, i, x, y, &frame) + (double)p;
      if (cost >= best) continue;
      best = cost;
      labels[i].at_x = x;
      labels[i].at_y = y;
    }
  }
}
