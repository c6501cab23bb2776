-- A search reads a catalog's tables by name, from the index alone: the rows hold whole documents.
CREATE INDEX tables_catalog_name ON tables (catalog_id, name, id, namespace_id);
DROP INDEX tables_catalog;
