CREATE TABLE warehouses (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id),
    name KEY_TEXT NOT NULL,
    kind TEXT NOT NULL,
    base TEXT NOT NULL,
    strategy TEXT,
    config TEXT NOT NULL,
    secrets TEXT,
    identity TEXT NOT NULL,
    allow_unscoped BIGINT NOT NULL,
    max_ttl_seconds BIGINT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- What a warehouse uses through the host's own identity, across tenants.
CREATE TABLE host_claims (
    warehouse_id KEY_TEXT PRIMARY KEY REFERENCES warehouses (id) ON DELETE CASCADE,
    tenant_id KEY_TEXT NOT NULL,
    role TEXT,
    base TEXT NOT NULL
);

CREATE TABLE catalogs (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id),
    name KEY_TEXT NOT NULL,
    warehouse_id KEY_TEXT NOT NULL REFERENCES warehouses (id),
    base TEXT NOT NULL,
    properties TEXT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);
CREATE INDEX catalogs_warehouse ON catalogs (warehouse_id);

-- The reference to the parent keeps a namespace with children from being dropped.
CREATE TABLE namespaces (
    id KEY_TEXT PRIMARY KEY,
    catalog_id KEY_TEXT NOT NULL REFERENCES catalogs (id),
    parent_id KEY_TEXT REFERENCES namespaces (id),
    path KEY_TEXT NOT NULL,
    properties TEXT NOT NULL,
    UNIQUE (catalog_id, path)
);
CREATE INDEX namespaces_parent ON namespaces (parent_id);

CREATE TABLE tables (
    id KEY_TEXT PRIMARY KEY,
    catalog_id KEY_TEXT NOT NULL REFERENCES catalogs (id),
    namespace_id KEY_TEXT NOT NULL REFERENCES namespaces (id),
    name KEY_TEXT NOT NULL,
    location TEXT NOT NULL,
    extra_locations TEXT NOT NULL,
    metadata_location TEXT NOT NULL,
    metadata TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (namespace_id, name)
);
CREATE INDEX tables_catalog ON tables (catalog_id);

-- Canonical forms end in '/', so ancestors are prefixes and descendants are one range of the key.
CREATE TABLE table_locations (
    catalog_id KEY_TEXT NOT NULL,
    canonical KEY_TEXT NOT NULL,
    table_id KEY_TEXT NOT NULL REFERENCES tables (id) ON DELETE CASCADE,
    PRIMARY KEY (catalog_id, canonical)
);
CREATE INDEX table_locations_table ON table_locations (table_id);
