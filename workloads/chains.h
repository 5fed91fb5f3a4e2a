/* chains: which chain of a hash table a number belongs to. */
#ifndef GCLAB_WORKLOADS_CHAINS_H
#define GCLAB_WORKLOADS_CHAINS_H

#include <stdint.h>

/* Fibonacci hashing (Knuth): the chain of a key in a table of 2^chains_log, 1 to 32. */
static inline uint32_t chain_of_key(uint64_t key, int chains_log)
{
  return (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - chains_log));
}

#endif
