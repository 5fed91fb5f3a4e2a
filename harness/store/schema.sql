-- gclab's results database: campaigns and their trials.  docs/schema.md explains every column.
-- Ids are hashes of content (32 hexadecimal digits), so stores from several machines merge by union.
CREATE TABLE IF NOT EXISTS host (
  id          TEXT PRIMARY KEY,          -- hash of the columns that define the class of machine
  name        TEXT NOT NULL,
  environment TEXT NOT NULL              -- JSON: cpu, cores, memory_bytes, kernel, os, libc, hypervisor, thp, governor, ...
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS campaign (
  id          TEXT PRIMARY KEY,          -- hash of plan name, seed, limits, host and the ids of its cells
  name        TEXT NOT NULL,
  host_id     TEXT NOT NULL REFERENCES host(id),
  plan        TEXT NOT NULL,             -- canonical YAML
  command     TEXT NOT NULL,             -- the command that started it first
  seed        INTEGER NOT NULL,
  blocks      INTEGER NOT NULL,          -- asked for, largest so far
  version     TEXT NOT NULL,             -- of gclab
  revision    TEXT NOT NULL,
  created_at  TEXT NOT NULL,             -- ISO 8601, UTC
  updated_at  TEXT NOT NULL,
  status      TEXT NOT NULL              -- running, interrupted, out_of_budget, complete
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cell (
  id          TEXT PRIMARY KEY,          -- hash of all below
  collector   TEXT NOT NULL,
  collector_version TEXT NOT NULL,
  build_id    TEXT NOT NULL,             -- hash of the trial program
  workload    TEXT NOT NULL,
  knobs       TEXT NOT NULL,             -- JSON object, every knob, values as text
  parameters  TEXT NOT NULL,             -- JSON object, every parameter, values as text
  varied      TEXT NOT NULL,             -- JSON object: only knobs and parameters that differ from their defaults
  size        TEXT NOT NULL,
  allocator   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS campaign_cell (
  campaign_id TEXT NOT NULL REFERENCES campaign(id),
  cell_id     TEXT NOT NULL REFERENCES cell(id),
  position    INTEGER NOT NULL,          -- in the plan's order
  PRIMARY KEY (campaign_id, cell_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS trial (
  id          TEXT PRIMARY KEY,          -- hash of campaign, cell, block and seed
  campaign_id TEXT NOT NULL REFERENCES campaign(id),
  cell_id     TEXT NOT NULL REFERENCES cell(id),
  block       INTEGER NOT NULL,
  position    INTEGER NOT NULL,          -- in the block's random order
  seed        INTEGER NOT NULL,
  outcome     TEXT NOT NULL,             -- ok, out_of_memory, timed_out, crashed, wrong_checksum, not_supported,
                                         -- failed
  signal      INTEGER,                   -- crashed: which
  message     TEXT,                      -- what the trial said on standard error, its end
  started_at  TEXT NOT NULL,
  allocator   TEXT,                      -- name and version as the trial found it
  checksum    TEXT,
  wall_ns     INTEGER, cpu_ns INTEGER, gc_ns INTEGER,
  process_ns  INTEGER NOT NULL,          -- from fork to reaped, as the harness saw it
  startup_ns  INTEGER,                   -- from fork to the beginning of the work
  pauses      INTEGER,                   -- rows, short cascades and dropped ones together
  pause_p50_ns INTEGER, pause_p99_ns INTEGER, pause_max_ns INTEGER,  -- over the rows; p99 NULL below 1000 rows
  allocations INTEGER, allocated_bytes INTEGER,
  collections INTEGER,                   -- of all generations
  held_objects INTEGER, held_bytes INTEGER,
  peak_heap_bytes INTEGER, peak_footprint_bytes INTEGER, vmhwm_bytes INTEGER,
  steal_ticks INTEGER,                   -- of /proc/stat while it ran, of the trial's core where it is pinned
  record      TEXT                       -- the trial's whole record, JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trial_by_cell ON trial(campaign_id, cell_id, block);

-- Raw series of a trial: 'pauses', 'requests', 'heap', 'phases', 'short' (docs/schema.md gives the packing).
CREATE TABLE IF NOT EXISTS series (
  trial_id    TEXT NOT NULL REFERENCES trial(id),
  kind        TEXT NOT NULL,
  count       INTEGER NOT NULL,
  data        BLOB NOT NULL,
  PRIMARY KEY (trial_id, kind)
) STRICT;
