#!/bin/sh
# What an administrator and a client do, at a host in No-Auth mode: a warehouse of this strategy, whose token
# service is `pangolin plugin mock`, a catalog on it, and a table, whose reply has the credential.
set -eu
host=${PANGOLIN_URL:-http://127.0.0.1:8080}
tokens=${TOKEN_URL:-http://127.0.0.1:9099/v1/credentials}
name=try-$$

post() {
  path=$1
  shift
  curl -sS --fail-with-body -H 'Content-Type: application/json' "$host$path" "$@"
  echo
}

# The host takes a component up some seconds after it was put there.
tries=60
until curl -sSf -o /dev/null "$host/api/v1/plugins/TokenShop" 2>/dev/null; do
  tries=$((tries - 1))
  test $tries -gt 0 || { echo "TokenShop is not loaded: $host/health/ready and the host's log say why" >&2; exit 1; }
  sleep 1
done

post /api/v1/warehouses -d '{
  "name": "'$name'",
  "storage_config": {"type": "s3", "bucket": "example-bucket", "prefix": "warehouse/'$name'", "region": "us-east-1"},
  "vending_strategy": {"TokenShop": {"token_url": "'"$tokens"'", "api_key": "any-key-will-do"}}
}'
post /api/v1/catalogs -d '{"name": "'$name'", "warehouse_name": "'$name'"}'
post /v1/$name/namespaces -d '{"namespace": ["sales"]}'
# Staged: nothing is written to the bucket yet, and the reply has the table's credential already.
post /v1/$name/namespaces/sales/tables -H 'X-Iceberg-Access-Delegation: vended-credentials' -d '{
  "name": "orders", "stage-create": true, "schema": {"type": "struct", "fields": []}
}'
