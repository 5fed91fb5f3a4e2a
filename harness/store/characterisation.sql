-- Characterisations of workloads.  docs/schema.md explains every column.
-- What a workload is like, whatever the collector: `gclab characterise`.
CREATE TABLE IF NOT EXISTS characterisation (
  id          TEXT PRIMARY KEY,          -- hash of workload, parameters, seed and both programs
  workload    TEXT NOT NULL,
  size        TEXT NOT NULL,
  parameters  TEXT NOT NULL,             -- JSON object, every parameter, values as text
  varied      TEXT NOT NULL,             -- JSON object: only those that differ from what they are at this size
  seed        INTEGER NOT NULL,
  build_id    TEXT NOT NULL,             -- hash of the instrument's program
  heap_build_id TEXT,                    -- of marksweep's; NULL: no minimum heap was measured
  checksum    TEXT NOT NULL,
  version     TEXT NOT NULL,             -- of gclab
  revision    TEXT NOT NULL,
  created_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS measure (
  characterisation_id TEXT NOT NULL REFERENCES characterisation(id),
  name        TEXT NOT NULL,             -- docs/workloads.md explains each
  value       REAL NOT NULL,             -- no row: not known
  PRIMARY KEY (characterisation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS curve (
  characterisation_id TEXT NOT NULL REFERENCES characterisation(id),
  name        TEXT NOT NULL,             -- 'live', 'survival'
  position    INTEGER NOT NULL,
  x           REAL NOT NULL,
  y           REAL NOT NULL,
  PRIMARY KEY (characterisation_id, name, position)
) STRICT, WITHOUT ROWID;
