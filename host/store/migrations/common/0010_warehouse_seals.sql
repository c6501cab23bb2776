-- Whether the host itself wrote a warehouse's row: a MAC over all of its columns, under a key that the
-- database does not have. The start that applies this seals the rows that are there.
ALTER TABLE warehouses ADD COLUMN mac TEXT;
