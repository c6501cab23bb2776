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
