-- Micro-benchmarks (`gclab micro`).  docs/schema.md explains every column.
CREATE TABLE IF NOT EXISTS micro_run (
  id          TEXT PRIMARY KEY,          -- hash of host, command, seed and the time when it began
  host_id     TEXT NOT NULL REFERENCES host(id),
  command     TEXT NOT NULL,
  seed        INTEGER NOT NULL,          -- of the order
  size        TEXT NOT NULL,             -- small, default, full
  version     TEXT NOT NULL,             -- of gclab
  revision    TEXT NOT NULL,
  created_at  TEXT NOT NULL              -- ISO 8601, UTC
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS micro_program (
  run_id      TEXT NOT NULL REFERENCES micro_run(id),
  collector   TEXT NOT NULL,             -- 'machine': the limits
  position    INTEGER NOT NULL,          -- in tables
  collector_version TEXT NOT NULL,
  build_id    TEXT NOT NULL,             -- hash of the program
  knobs       TEXT NOT NULL,             -- as given with --set; '': defaults
  allocator   TEXT NOT NULL,             -- asked for; 'own': a heap of its own
  PRIMARY KEY (run_id, collector)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS micro_benchmark (
  run_id      TEXT NOT NULL REFERENCES micro_run(id),
  benchmark   TEXT NOT NULL,
  position    INTEGER NOT NULL,          -- in tables
  limit_name  TEXT NOT NULL,             -- the machine's benchmark that it is held against; '': none
  limit_scale REAL NOT NULL,             -- of whose operations so many stand against one of this
  PRIMARY KEY (run_id, benchmark)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS micro_result (
  run_id      TEXT NOT NULL REFERENCES micro_run(id),
  collector   TEXT NOT NULL,
  benchmark   TEXT NOT NULL,
  repetition  INTEGER NOT NULL,
  iterations  INTEGER NOT NULL,          -- operations that the times are the mean of
  real_ns     REAL NOT NULL,             -- of one operation
  cpu_ns      REAL NOT NULL,
  PRIMARY KEY (run_id, collector, benchmark, repetition)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS micro_skipped (
  run_id      TEXT NOT NULL REFERENCES micro_run(id),
  collector   TEXT NOT NULL,
  benchmark   TEXT NOT NULL,
  reason      TEXT NOT NULL,
  PRIMARY KEY (run_id, collector, benchmark)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS micro_instructions (
  run_id      TEXT NOT NULL REFERENCES micro_run(id),
  collector   TEXT NOT NULL,
  benchmark   TEXT NOT NULL,
  operations  INTEGER NOT NULL,
  instructions INTEGER NOT NULL,         -- of all those, in the program itself
  library_instructions INTEGER NOT NULL, -- in shared libraries: malloc, memset
  PRIMARY KEY (run_id, collector, benchmark)
) STRICT, WITHOUT ROWID;
