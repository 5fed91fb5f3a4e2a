-- Minimum heaps (`gclab minheap`).  docs/schema.md explains every column.
CREATE TABLE IF NOT EXISTS minheap (
  id          TEXT PRIMARY KEY,          -- hash of the cell, attempts, precision, seed and time limit
  collector   TEXT NOT NULL,
  workload    TEXT NOT NULL,
  size        TEXT NOT NULL,
  knobs       TEXT NOT NULL,             -- JSON object, every knob; heap_limit is what was searched for
  parameters  TEXT NOT NULL,             -- JSON object, every parameter
  build_id    TEXT NOT NULL,             -- hash of the program
  attempts    INTEGER NOT NULL,          -- so many of so many trials must succeed
  precision   REAL NOT NULL,
  seed        INTEGER NOT NULL,          -- of the first attempt; each has the next one
  limit_bytes INTEGER NOT NULL,          -- the smallest heap limit
  created_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS minheap_step (
  minheap_id  TEXT NOT NULL REFERENCES minheap(id),
  position    INTEGER NOT NULL,
  limit_bytes INTEGER NOT NULL,
  fits        INTEGER NOT NULL,          -- 0: ran out of memory, or took longer than the time limit
  timed_out   INTEGER NOT NULL,
  PRIMARY KEY (minheap_id, position)
) STRICT, WITHOUT ROWID;
