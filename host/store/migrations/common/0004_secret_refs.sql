-- Which tenant's warehouses name which secret reference: a name belongs to one tenant.
CREATE TABLE secret_ref_claims (
    name KEY_TEXT NOT NULL,
    warehouse_id KEY_TEXT NOT NULL REFERENCES warehouses (id) ON DELETE CASCADE,
    tenant_id KEY_TEXT NOT NULL,
    PRIMARY KEY (name, warehouse_id)
);
CREATE INDEX secret_ref_claims_warehouse ON secret_ref_claims (warehouse_id);
