/* make_store FILE PARTS: a synthetic store; PARTS is a sum of enum synthetic_part. */
#include <stdlib.h>

#include "tests/figures/synthetic.h"

int main(int argc, char **argv)
{
  if (argc != 3) return 2;
  return synthetic_make(argv[1], (unsigned)strtoul(argv[2], NULL, 0)) ? 0 : 1;
}
