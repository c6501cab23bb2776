-- KEY_TEXT is text in byte order on every database: the migration runner writes the dialect's type.
CREATE TABLE tenants (
    id KEY_TEXT PRIMARY KEY,
    name KEY_TEXT NOT NULL UNIQUE,
    properties TEXT NOT NULL,
    host_identity TEXT
);

CREATE TABLE users (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    username KEY_TEXT NOT NULL,
    email TEXT,
    role TEXT NOT NULL,
    password_hash TEXT,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_login BIGINT,
    UNIQUE (tenant_id, username)
);

-- No reference to users: Root's tokens are recorded too, and Root is not stored.
CREATE TABLE tokens (
    id KEY_TEXT PRIMARY KEY,
    user_id KEY_TEXT NOT NULL,
    tenant_id KEY_TEXT,
    username TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE roles (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name KEY_TEXT NOT NULL,
    description TEXT,
    permissions TEXT NOT NULL,
    built_in BIGINT NOT NULL,
    created_by KEY_TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE user_roles (
    user_id KEY_TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id KEY_TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE grants (
    id KEY_TEXT PRIMARY KEY,
    tenant_id KEY_TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id KEY_TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    granted_by KEY_TEXT NOT NULL,
    granted_at BIGINT NOT NULL
);
CREATE INDEX grants_user ON grants (user_id);
CREATE INDEX grants_tenant ON grants (tenant_id, granted_at);
