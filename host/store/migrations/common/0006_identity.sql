-- Kinds of account: person, service, external. A name is unique across all of them.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
ALTER TABLE users ADD COLUMN issuer KEY_TEXT;
ALTER TABLE users ADD COLUMN subject KEY_TEXT;
-- When the token was issued that gave an external user its name: an older one does not name it back.
ALTER TABLE users ADD COLUMN named_at BIGINT;
CREATE UNIQUE INDEX users_external ON users (tenant_id, issuer, subject);

-- What a service user has beyond a user.
CREATE TABLE service_users (
    user_id KEY_TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    description TEXT,
    created_by KEY_TEXT NOT NULL,
    expires_at BIGINT
);

-- Keys by the SHA-256 of the key; the key itself is nowhere.
CREATE TABLE api_keys (
    hash KEY_TEXT PRIMARY KEY,
    id KEY_TEXT NOT NULL UNIQUE,
    user_id KEY_TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used BIGINT
);
CREATE INDEX api_keys_user ON api_keys (user_id);

-- Tokens that were exchanged for one another are one family; `roles` narrows a token.
ALTER TABLE tokens ADD COLUMN family KEY_TEXT;
ALTER TABLE tokens ADD COLUMN roles TEXT;
UPDATE tokens SET family = id;
CREATE INDEX tokens_family ON tokens (family);

-- Whoever records a token that comes of another locks this row against revocations.
INSERT INTO revisions (name, value) VALUES ('tokens', 0) ON CONFLICT (name) DO NOTHING;
