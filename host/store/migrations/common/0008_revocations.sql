-- The kill switch. A row stays when it is lifted. One stands for a target at a time. The target and
-- the warehouse may be gone.
CREATE TABLE revocations (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind KEY_TEXT NOT NULL,
    target KEY_TEXT NOT NULL,
    target_name TEXT NOT NULL,
    warehouse_id KEY_TEXT,
    locations TEXT NOT NULL,
    reason TEXT,
    revoked_by KEY_TEXT NOT NULL,
    revoked_by_name TEXT NOT NULL,
    revoked_at BIGINT NOT NULL,
    lifted_by KEY_TEXT,
    lifted_at BIGINT
);
CREATE UNIQUE INDEX revocations_standing ON revocations (tenant_id, kind, target) WHERE lifted_at IS NULL;
CREATE INDEX revocations_target ON revocations (target);
CREATE INDEX revocations_tenant ON revocations (tenant_id, revoked_at);

-- Up to which mark nothing that was minted for a user, a warehouse or a table is served: it was
-- revoked then, deactivated, deleted or dropped. The mark of a target only grows. By kind: whoever
-- makes a table chooses its identifier, and may choose that of a user or of a warehouse.
CREATE TABLE cut_offs (
    kind KEY_TEXT NOT NULL,
    target KEY_TEXT NOT NULL,
    cut_at BIGINT NOT NULL,
    PRIMARY KEY (kind, target)
);
CREATE INDEX cut_offs_age ON cut_offs (cut_at);

-- Credentials that are out: one row per mint, until it ends; of a lease one row per holder and table.
-- Never the credential. No references: a row outlives the table, the user and the warehouse.
CREATE TABLE mints (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL,
    warehouse_id KEY_TEXT NOT NULL,
    warehouse TEXT NOT NULL,
    table_id KEY_TEXT NOT NULL,
    table_name TEXT NOT NULL,
    user_id KEY_TEXT NOT NULL,
    principal TEXT NOT NULL,
    strategy KEY_TEXT NOT NULL,
    issued KEY_TEXT NOT NULL,
    access TEXT NOT NULL,
    unscoped BIGINT NOT NULL,
    lease_id KEY_TEXT,
    fingerprint TEXT,
    request_id TEXT NOT NULL,
    host TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX mints_user ON mints (user_id, expires_at);
CREATE INDEX mints_table ON mints (table_id, expires_at);
CREATE INDEX mints_warehouse ON mints (warehouse_id, expires_at);
CREATE INDEX mints_lease ON mints (lease_id);
CREATE INDEX mints_expiry ON mints (expires_at);
