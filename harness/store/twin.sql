-- A/A pairs: cells of a campaign that are another one's configuration under an id of their own.
CREATE TABLE IF NOT EXISTS twin (
  campaign_id TEXT NOT NULL REFERENCES campaign(id),
  cell_id     TEXT NOT NULL REFERENCES cell(id),
  of_cell_id  TEXT NOT NULL REFERENCES cell(id),
  PRIMARY KEY (campaign_id, cell_id)
) STRICT, WITHOUT ROWID;
