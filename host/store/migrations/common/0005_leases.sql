-- No reference to tenants or warehouses: a lease outlives both until it is ended. `intent` and
-- `minted` are sealed, and forgotten when the lease is settled.
CREATE TABLE leases (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL,
    warehouse_id KEY_TEXT NOT NULL,
    warehouse KEY_TEXT NOT NULL,
    strategy TEXT NOT NULL,
    resource KEY_TEXT NOT NULL,
    share TEXT NOT NULL,
    state KEY_TEXT NOT NULL,
    access TEXT NOT NULL,
    user_id KEY_TEXT NOT NULL,
    principal KEY_TEXT NOT NULL,
    table_id KEY_TEXT NOT NULL,
    table_name TEXT NOT NULL,
    request_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    issued_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    next_attempt_at BIGINT,
    revoke_asked BIGINT NOT NULL,
    undecided TEXT NOT NULL,
    intent TEXT,
    minted TEXT
);
CREATE INDEX leases_resource ON leases (resource, state);
CREATE INDEX leases_tenant ON leases (tenant_id, started_at);
CREATE INDEX leases_warehouse ON leases (warehouse_id, state);
CREATE INDEX leases_due ON leases (next_attempt_at);
CREATE INDEX leases_started ON leases (started_at);

-- Who works on a resource. The row goes with the lock; one that has lapsed was left by a host that
-- is gone.
CREATE TABLE lease_locks (
    resource KEY_TEXT PRIMARY KEY,
    holder KEY_TEXT NOT NULL,
    run KEY_TEXT NOT NULL,
    claimed_until BIGINT NOT NULL
);
