-- What else had the processor while nothing of ours ran (`harness/platform/noise.h`).  docs/schema.md explains it.
CREATE TABLE IF NOT EXISTS noise (
  campaign_id TEXT NOT NULL REFERENCES campaign(id),
  at          TEXT NOT NULL,             -- ISO 8601, UTC
  moment      TEXT NOT NULL,             -- before, block, after
  block       INTEGER,                   -- which is about to begin; NULL: before and after
  span_ns     INTEGER NOT NULL,          -- how long was looked
  floor_ns    INTEGER NOT NULL,          -- shorter gaps do not count
  gaps        INTEGER NOT NULL,
  lost_ns     INTEGER NOT NULL,          -- their sum
  longest_ns  INTEGER NOT NULL,
  histogram   TEXT NOT NULL,             -- JSON: gaps of 2^b to 2^(b+1) - 1 ns, from b = 0 on
  PRIMARY KEY (campaign_id, at, moment)
) STRICT, WITHOUT ROWID;
