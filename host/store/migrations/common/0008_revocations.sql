-- The kill switch. A row stays when it is lifted: what was minted before is not served again.
CREATE TABLE revocations (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind KEY_TEXT NOT NULL,
    target KEY_TEXT NOT NULL,
    target_name TEXT NOT NULL,
    reason TEXT,
    revoked_by KEY_TEXT NOT NULL,
    revoked_at BIGINT NOT NULL,
    lifted_by KEY_TEXT,
    lifted_at BIGINT
);
CREATE INDEX revocations_target ON revocations (target, revoked_at);
CREATE INDEX revocations_tenant ON revocations (tenant_id, revoked_at);

-- Credentials that are out and end by themselves only: one row per mint, until it ends. Never the
-- credential. No references: it outlives the table, the user and the warehouse.
CREATE TABLE mints (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL,
    warehouse_id KEY_TEXT NOT NULL,
    table_id KEY_TEXT NOT NULL,
    table_name TEXT NOT NULL,
    user_id KEY_TEXT NOT NULL,
    principal TEXT NOT NULL,
    strategy TEXT NOT NULL,
    kind TEXT NOT NULL,
    issued_as TEXT,
    access TEXT NOT NULL,
    request_id TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX mints_user ON mints (user_id, expires_at);
CREATE INDEX mints_table ON mints (table_id, expires_at);
CREATE INDEX mints_warehouse ON mints (warehouse_id, expires_at);
CREATE INDEX mints_expiry ON mints (expires_at);
