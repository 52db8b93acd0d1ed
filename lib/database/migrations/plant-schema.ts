import type { Migration } from "./types.ts";

/** Organisations, devices and data schemas as the Factory+ Manager defines them, to the letter. */
const MANAGER: Migration = {
  version: 1,
  name: "manager",
  up: [
    {
      table: "organizations",
      sql: `CREATE TABLE organizations (
    id UUID PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    domain VARCHAR(255) UNIQUE,
    created_at TIMESTAMP,
    updated_at TIMESTAMP
)`,
    },
    {
      table: "devices",
      sql: `CREATE TABLE devices (
    id UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations(id),
    name VARCHAR(255) NOT NULL,
    type VARCHAR(100),
    connection_config JSONB,
    status VARCHAR(50),
    created_at TIMESTAMP
)`,
    },
    {
      table: "data_schemas",
      sql: `CREATE TABLE data_schemas (
    id UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations(id),
    name VARCHAR(255) NOT NULL,
    version VARCHAR(50),
    schema_definition JSONB,
    created_at TIMESTAMP
)`,
    },
  ],
  down: ["DROP TABLE data_schemas", "DROP TABLE devices", "DROP TABLE organizations"],
};

/**
 * The relational store defines two of these tables again, narrower in some columns and wider in others. The union
 * takes what either of them takes: the longer text, no NOT NULL that the other lacks, every column and default.
 */
const UNION: Migration = {
  version: 2,
  name: "union",
  up: [
    {
      table: "users",
      sql: `CREATE TABLE users (
    id UUID PRIMARY KEY,
    username VARCHAR(50) UNIQUE NOT NULL,
    email VARCHAR(100) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    role VARCHAR(20) NOT NULL,
    organization_id UUID REFERENCES organizations(id),
    created_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW()
)`,
    },
    `ALTER TABLE devices
    ALTER COLUMN name TYPE VARCHAR(255),
    ALTER COLUMN type TYPE VARCHAR(100), ALTER COLUMN type DROP NOT NULL,
    ALTER COLUMN status TYPE VARCHAR(50), ALTER COLUMN status SET DEFAULT 'offline',
    ALTER COLUMN created_at SET DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS last_seen TIMESTAMP`,
    `ALTER TABLE data_schemas
    ALTER COLUMN name TYPE VARCHAR(255),
    ALTER COLUMN version TYPE VARCHAR(50), ALTER COLUMN version DROP NOT NULL,
    ALTER COLUMN schema_definition DROP NOT NULL,
    ALTER COLUMN created_at SET DEFAULT NOW(),
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN DEFAULT true`,
  ],
  down: [
    "ALTER TABLE data_schemas DROP COLUMN is_active, ALTER COLUMN created_at DROP DEFAULT",
    `ALTER TABLE devices DROP COLUMN last_seen,
    ALTER COLUMN status DROP DEFAULT, ALTER COLUMN created_at DROP DEFAULT`,
    "DROP TABLE users",
  ],
};

/**
 * What lists ask by. A device is found by what its connection says with `connection_config @> '{"protocol": "…"}'`, which the
 * index serves for every attribute.
 */
const INDEXES: Migration = {
  version: 3,
  name: "indexes",
  up: [
    "CREATE INDEX devices_connection_config ON devices USING gin (connection_config jsonb_path_ops)",
    "CREATE INDEX devices_by_organization ON devices (organization_id, name, id)",
    "CREATE INDEX data_schemas_by_organization ON data_schemas (organization_id, name, version)",
    "CREATE INDEX users_by_organization ON users (organization_id, username)",
    "CREATE INDEX organizations_by_name ON organizations (name, id)",
  ],
  down: [
    "DROP INDEX devices_connection_config, devices_by_organization, data_schemas_by_organization, users_by_organization, organizations_by_name",
  ],
};

/** `connection_config->>'endpoint' = '…'`, as one writes it first, and which the index over all attributes does not serve. */
const ENDPOINTS: Migration = {
  version: 4,
  name: "endpoints",
  up: ["CREATE INDEX devices_by_endpoint ON devices ((connection_config->>'endpoint'))"],
  down: ["DROP INDEX devices_by_endpoint"],
};

/** The plant's own tables, for `migrate`. */
export const plantSchema: readonly Migration[] = [MANAGER, UNION, INDEXES, ENDPOINTS];
