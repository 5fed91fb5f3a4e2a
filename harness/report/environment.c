/* Where it was measured, what was run, and how to run it again. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/html.h"
#include "harness/report/report.h"
#include "harness/text/text.h"

static void put_value(const json_t *value, FILE *out)
{
  if (json_is_string(value)) {
    html_text(out, json_string_value(value));
    return;
  }
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(5));
  html_text(out, text);
  free(text);
}

static void put_machine(const struct report *report, FILE *out)
{
  json_t *environment = json_loads(report->dataset->environment, 0, NULL);
  const char *name = NULL;
  json_t *value = NULL;
  fputs("<table><caption>The machine</caption><tbody>\n", out);
  json_object_foreach (environment, name, value) {
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, name);
    fputs("</th><td>", out);
    put_value(value, out);
    fputs("</td></tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
  json_decref(environment);
}

static void put_builds(const struct report *report, FILE *out)
{
  const struct dataset *dataset = report->dataset;
  fputs("<table><caption>Programs that were run</caption><thead><tr><th scope=\"col\">collector</th><th "
        "scope=\"col\">version</th><th scope=\"col\">hash of the program</th></tr></thead><tbody>\n",
        out);
  for (size_t s = 0; s < dataset->series_count; s++) {
    const struct dataset_cell *cell = NULL;
    for (size_t i = 0; i < dataset->cell_count && cell == NULL; i++) {
      if (dataset->cells[i].series == s) cell = &dataset->cells[i];
    }
    if (cell == NULL) continue;
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, dataset->series[s].label);
    fputs("</th><td>", out);
    html_text(out, cell->collector_version);
    fputs("</td><td><code>", out);
    html_text(out, cell->build_id);
    fputs("</code></td></tr>\n", out);
  }
  fputs("</tbody></table>\n", out);
}

static bool put_sample(void *context, const struct store_noise *noise)
{
  FILE *out = context;
  char longest[TEXT_NUMBER_MAX];
  fputs("<tr><th scope=\"row\">", out);
  if (noise->block == STORE_NONE)
    html_text(out, noise->moment);
  else
    fprintf(out, "block %lld", (long long)noise->block + 1);
  fprintf(out, "</th><td class=\"number\">%.2f&nbsp;%%</td><td class=\"number\">%llu</td><td class=\"number\">",
          noise->span_ns > 0 ? 100.0 * (double)noise->lost_ns / (double)noise->span_ns : 0,
          (unsigned long long)noise->gaps);
  html_text(out, text_duration((double)noise->longest_ns, longest));
  fputs("</td></tr>\n", out);
  return true;
}

static void put_noise(const struct report *report, FILE *out)
{
  fputs("<details>\n<summary>What else had the processor</summary>\n<table><caption>Gaps while no trial "
        "ran</caption><thead><tr>"
        "<th scope=\"col\">when</th><th scope=\"col\" class=\"number\">time lost</th><th scope=\"col\" "
        "class=\"number\">gaps</th><th scope=\"col\" class=\"number\">longest</th></tr></thead><tbody>\n",
        out);
  store_each_noise(report->store, report->dataset->campaign_id, put_sample, out);
  fputs("</tbody></table>\n</details>\n", out);
}

void report_environment(const struct report *report, FILE *out)
{
  const struct dataset *dataset = report->dataset;
  fputs("<section id=\"environment\" aria-labelledby=\"environment-title\">\n"
        "<h2 id=\"environment-title\">Environment, plan, and how to repeat it</h2>\n<p>",
        out);
  html_textf(out, "gclab %s (%s); campaign %s, begun %s; seed %llu, %llu blocks asked for; %zu trials.",
             dataset->version, dataset->revision, dataset->campaign_id, dataset->created_at,
             (unsigned long long)dataset->seed, (unsigned long long)dataset->blocks, dataset->trial_count);
  fputs("</p>\n<p>The command:</p>\n<pre><code>", out);
  html_text(out, dataset->command);
  fputs("</code></pre>\n<details>\n<summary>The plan</summary>\n<pre><code>", out);
  html_text(out, dataset->plan);
  fputs("</code></pre>\n</details>\n<details>\n<summary>The programs</summary>\n", out);
  put_builds(report, out);
  fputs("</details>\n<details>\n<summary>The machine</summary>\n", out);
  put_machine(report, out);
  fputs("</details>\n", out);
  put_noise(report, out);
  fputs("</section>\n", out);
}
