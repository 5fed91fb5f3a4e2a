/* The mark stack grows, keeps what it holds, stops at its limit, and shrinks. */
#include "cmocka_all.h"

#include "collectors/collector.h"
#include "collectors/parts/mark_stack.h"

const struct collector_descriptor collector = {.name = "test"}; /* for messages of failed checks */

static void push(struct mark_stack *stack, uintptr_t from, uintptr_t to)
{
  for (uintptr_t i = from; i < to; i++) {
    assert_true(mark_stack_reserve(stack, 1));
    *stack->top++ = i;
  }
  mark_stack_check(stack);
}

static void pop(struct mark_stack *stack, uintptr_t from, uintptr_t to)
{
  for (uintptr_t i = to; i-- > from;) assert_int_equal(*--stack->top, i);
  mark_stack_check(stack);
}

static void test_growth(void **state)
{
  (void)state;
  enum { MANY = 3000000 };
  struct mark_stack stack;
  assert_true(mark_stack_init(&stack, 0));
  assert_true(mark_stack_is_empty(&stack));
  push(&stack, 0, MANY);
  assert_true(stack.mapped_bytes >= MANY * sizeof(uintptr_t));
  pop(&stack, 1000, MANY);
  push(&stack, 1000, 2000);
  pop(&stack, 0, 2000);
  assert_true(mark_stack_is_empty(&stack));
  mark_stack_shrink(&stack);
  assert_true(stack.mapped_bytes <= 1 << 20);
  push(&stack, 0, MANY); /* and it grows again */
  pop(&stack, 0, MANY);
  mark_stack_finish(&stack);
}

static void test_reserve_at_once(void **state)
{
  (void)state;
  struct mark_stack stack;
  assert_true(mark_stack_init(&stack, 0));
  push(&stack, 0, 10);
  assert_true(mark_stack_reserve(&stack, 5000000));
  assert_true(stack.end - stack.top >= 5000000);
  pop(&stack, 0, 10);
  mark_stack_finish(&stack);
}

static void test_limit(void **state)
{
  (void)state;
  static const uint64_t limits[] = {1, 2, 100, 8192, 8193, 100000};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    const uint64_t limit = limits[i];
    struct mark_stack stack;
    assert_true(mark_stack_init(&stack, limit));
    assert_false(mark_stack_reserve(&stack, limit + 1));
    push(&stack, 0, limit);
    assert_false(mark_stack_reserve(&stack, 1));
    pop(&stack, limit - 1, limit);
    assert_true(mark_stack_reserve(&stack, 1));
    pop(&stack, 0, limit - 1);
    mark_stack_finish(&stack);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_growth),
      cmocka_unit_test(test_reserve_at_once),
      cmocka_unit_test(test_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
