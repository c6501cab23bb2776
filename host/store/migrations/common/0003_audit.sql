-- One chain of events per host; `event` is the text that the link covers.
CREATE TABLE audit_events (
    host KEY_TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id KEY_TEXT NOT NULL UNIQUE,
    tenant_id KEY_TEXT,
    user_id KEY_TEXT,
    action TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT,
    at BIGINT NOT NULL,
    result TEXT NOT NULL,
    request_id TEXT NOT NULL,
    event TEXT NOT NULL,
    link TEXT NOT NULL,
    PRIMARY KEY (host, seq)
);
CREATE INDEX audit_events_tenant ON audit_events (tenant_id, at);
CREATE INDEX audit_events_at ON audit_events (at);

-- How far each chain had come, so that a chain that was cut off at its end shows.
CREATE TABLE audit_anchors (
    host KEY_TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    link TEXT NOT NULL
);

-- Raised by each change in the same transaction; snapshots in memory are checked against it.
CREATE TABLE revisions (
    name KEY_TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
