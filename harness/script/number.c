/*
 * The order of a script's tables.
 *
 * A walk over everything that the canonical text mentions, in its order, gives each name, root, action and text the
 * number that the parser would give it.  The walk either writes these numbers (script_number) or only compares them
 * (script_is_numbered), so that the two cannot disagree.
 *
 * %N in a text brings all roots without a name before it into being; so those keep their order, and come where the
 * first of them is mentioned that is not there yet.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/script/script.h"

enum { UNMET = UINT32_MAX };

struct map {
  uint32_t *list; /* new numbers by old ones; UNMET: not mentioned so far */
  uint32_t count; /* of those mentioned */
};

struct numbering {
  struct script *script;
  bool writes;
  bool is_same; /* every number met is what it was */
  struct map names, roots, actions;
  size_t next_unnamed; /* of the roots: those without a name before it have been met */
  uint32_t text_count;
  char **texts; /* writing: in their new order */
};

static void open_map(struct map *map, size_t count)
{
  map->list = script_require(malloc((count + 1) * sizeof *map->list));
  memset(map->list, 0xff, (count + 1) * sizeof *map->list);
}

static uint32_t meet(struct numbering *numbering, struct map *map, uint32_t number)
{
  if (map->list[number] == UNMET) map->list[number] = map->count++;
  numbering->is_same &= map->list[number] == number;
  return map->list[number];
}

static void put(const struct numbering *numbering, uint32_t *place, uint32_t number)
{
  if (numbering->writes) *place = number;
}

static void walk_name(struct numbering *numbering, uint32_t *name)
{
  put(numbering, name, meet(numbering, &numbering->names, *name));
}

/* A root's name is mentioned before the root is there. */
static void walk_root(struct numbering *numbering, uint32_t *root)
{
  const struct script *script = numbering->script;
  if (*root == SCRIPT_SELF) return;
  if (script->roots[*root] != SCRIPT_NOBODY) {
    meet(numbering, &numbering->names, script->roots[*root]);
  } else {
    for (; numbering->next_unnamed <= *root; numbering->next_unnamed++) {
      if (script->roots[numbering->next_unnamed] == SCRIPT_NOBODY)
        meet(numbering, &numbering->roots, (uint32_t)numbering->next_unnamed);
    }
  }
  put(numbering, root, meet(numbering, &numbering->roots, *root));
}

static void walk_action(struct numbering *numbering, uint32_t *action)
{
  if (*action == SCRIPT_NOBODY) return;
  meet(numbering, &numbering->names, numbering->script->actions[*action].name);
  put(numbering, action, meet(numbering, &numbering->actions, *action));
}

/* Each mention of a text has one of its own. */
static void walk_text(struct numbering *numbering, uint32_t *text)
{
  numbering->is_same &= *text == numbering->text_count;
  if (numbering->writes) {
    numbering->texts = reallocarray(numbering->texts, numbering->text_count + (size_t)1, sizeof *numbering->texts);
    char *copy = strdup(numbering->script->texts[*text]);
    script_require((void *)numbering->texts);
    script_require(copy);
    numbering->texts[numbering->text_count] = copy;
  }
  put(numbering, text, numbering->text_count++);
}

static void walk_field(struct numbering *numbering, uint32_t *field)
{
  if ((*field & SCRIPT_NAMED) == 0) return;
  uint32_t name = *field & ~SCRIPT_NAMED;
  walk_name(numbering, &name);
  put(numbering, field, name | SCRIPT_NAMED);
}

static void walk_value(struct numbering *numbering, struct script_value *value)
{
  if (value->kind == SCRIPT_NONE) return;
  walk_root(numbering, &value->root);
  if (value->kind == SCRIPT_FIELD) walk_field(numbering, &value->field);
}

static void walk_term(struct numbering *numbering, struct script_term *term)
{
  switch (script_quantity_argument(term->quantity)) {
  case SCRIPT_NOTHING:
  case SCRIPT_GENERATION:
    break;
  case SCRIPT_VALUE:
    walk_value(numbering, &term->values[0]);
    break;
  case SCRIPT_TWO_VALUES:
    walk_value(numbering, &term->values[0]);
    walk_value(numbering, &term->values[1]);
    break;
  case SCRIPT_ACTION_NAME:
    walk_action(numbering, &term->number);
    break;
  }
}

static void walk_operands(struct numbering *numbering, const struct script_op *op)
{
  for (uint32_t i = 0; i < op->operands; i++) {
    struct script_operand *operand = &numbering->script->operands[op->first + i];
    if (operand->kind == SCRIPT_OPERAND_VALUE) walk_value(numbering, &operand->value);
    if (operand->kind == SCRIPT_OPERAND_TEXT) walk_text(numbering, &operand->text);
    if (operand->kind == SCRIPT_OPERAND_TERM) walk_term(numbering, &operand->term);
  }
}

static void walk_op(struct numbering *numbering, struct script_op *op)
{
  if (op->code <= SCRIPT_DEREF) walk_root(numbering, &op->root);
  switch (op->code) {
  case SCRIPT_STORE:
  case SCRIPT_DELETE:
    walk_field(numbering, &op->field);
    if (op->code == SCRIPT_STORE) walk_value(numbering, &op->value);
    break;
  case SCRIPT_LOAD:
  case SCRIPT_APPEND:
  case SCRIPT_DEREF:
    walk_value(numbering, &op->value);
    break;
  case SCRIPT_WEAK:
    walk_value(numbering, &op->value);
    walk_action(numbering, &op->action);
    break;
  case SCRIPT_ACTION:
    walk_action(numbering, &op->action);
    break;
  case SCRIPT_NEW:
  case SCRIPT_PRINT:
    walk_operands(numbering, op);
    break;
  case SCRIPT_EXPECT:
    walk_term(numbering, &op->term);
    break;
  default:
    break;
  }
}

static void walk_class(struct numbering *numbering, struct script_class *class)
{
  walk_name(numbering, &class->name);
  for (uint32_t i = 0; i < class->field_count; i++)
    walk_name(numbering, &numbering->script->field_names[class->first_field + i]);
  walk_action(numbering, &class->finalizer);
}

static void walk(struct numbering *numbering, struct script *script, bool writes)
{
  *numbering = (struct numbering){.script = script, .writes = writes, .is_same = true};
  open_map(&numbering->names, script->name_count);
  open_map(&numbering->roots, script->root_count);
  open_map(&numbering->actions, script->action_count);
  for (size_t i = 0; i < script->class_count; i++) walk_class(numbering, &script->classes[i]);
  for (size_t i = 0; i < script->op_count; i++) walk_op(numbering, &script->ops[i]);
  numbering->is_same &= numbering->names.count == script->name_count && numbering->roots.count == script->root_count &&
                        numbering->actions.count == script->action_count && numbering->text_count == script->text_count;
}

static void close_maps(struct numbering *numbering)
{
  free(numbering->names.list);
  free(numbering->roots.list);
  free(numbering->actions.list);
}

bool script_is_numbered(const struct script *script)
{
  struct numbering numbering;
  walk(&numbering, (struct script *)(uintptr_t)script, false); // NOLINT(performance-no-int-to-ptr): nothing is written
  close_maps(&numbering);
  return numbering.is_same;
}

/* ---- the tables in their new order ---------------------------------------------------------------------------- */

static void order_roots(struct numbering *numbering)
{
  struct script *script = numbering->script;
  uint32_t *roots = calloc(script->root_count + 1, sizeof *roots);
  script_require(roots);
  for (size_t i = 0; i < script->root_count; i++) {
    const uint32_t name = script->roots[i];
    if (numbering->roots.list[i] == UNMET) continue;
    roots[numbering->roots.list[i]] = name == SCRIPT_NOBODY ? name : numbering->names.list[name];
  }
  free(script->roots);
  script->roots = roots;
  script->root_capacity = script->root_count + 1;
  script->root_count = numbering->roots.count;
}

static void order_actions(struct numbering *numbering)
{
  struct script *script = numbering->script;
  struct script_action *actions = calloc(script->action_count + 1, sizeof *actions);
  script_require(actions);
  for (size_t i = 0; i < script->action_count; i++) {
    struct script_action action = script->actions[i];
    if (numbering->actions.list[i] == UNMET) continue;
    action.name = numbering->names.list[action.name];
    actions[numbering->actions.list[i]] = action;
  }
  free(script->actions);
  script->actions = actions;
  script->action_capacity = script->action_count + 1;
  script->action_count = numbering->actions.count;
}

static void order_names(struct numbering *numbering)
{
  struct script *script = numbering->script;
  char **names = script->names;
  const size_t count = script->name_count;
  char **ordered = calloc(count + 1, sizeof *ordered);
  script_require(ordered);
  for (size_t i = 0; i < count; i++) {
    if (numbering->names.list[i] != UNMET)
      ordered[numbering->names.list[i]] = names[i];
    else
      free(names[i]);
  }
  free(names);
  script_set_names(script, ordered, numbering->names.count, count + 1);
}

static void order_texts(struct numbering *numbering)
{
  struct script *script = numbering->script;
  for (size_t i = 0; i < script->text_count; i++) free(script->texts[i]);
  free(script->texts);
  script->texts = numbering->texts;
  script->text_count = numbering->text_count;
  script->text_capacity = numbering->text_count;
}

void script_number(struct script *script)
{
  struct numbering numbering;
  if (script_is_numbered(script)) return;
  walk(&numbering, script, true);
  order_roots(&numbering);
  order_actions(&numbering);
  order_names(&numbering);
  order_texts(&numbering);
  close_maps(&numbering);
}
