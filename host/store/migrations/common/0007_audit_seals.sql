-- An anchor is sealed with a key that the database does not have.
ALTER TABLE audit_anchors ADD COLUMN mac TEXT;

-- Where a chain begins after old rows were removed by retention: the last link that was removed.
CREATE TABLE audit_checkpoints (
    host KEY_TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    link TEXT NOT NULL,
    mac TEXT NOT NULL,
    pruned_at BIGINT NOT NULL
);

-- The hosts that have a chain, a sealed JSON list in one row: a chain that is gone whole is missed.
CREATE TABLE audit_hosts (
    id BIGINT PRIMARY KEY,
    hosts TEXT NOT NULL,
    mac TEXT NOT NULL
);

-- Columns that filters look at; filled from the events of before.
ALTER TABLE audit_events ADD COLUMN username TEXT;
ALTER TABLE audit_events ADD COLUMN resource_name TEXT;
ALTER TABLE audit_events ADD COLUMN trace_id TEXT;
