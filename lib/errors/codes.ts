/**
 * Every way in which a part of the suite can fail, as one closed union.
 * The part before the dot is the room that throws it; codes are stable, so flows may switch on them.
 */
export type ErrorCode =
  // configuration of a node or of the plant
  | "config.invalid"
  | "config.missing"
  // samples and signals
  | "sample.invalid"
  | "sample.too-many-signals"
  // units
  | "units.unknown"
  | "units.mismatch"
  // mapping
  | "map.rules"
  | "map.formula"
  | "map.overloaded"
  | "map.write"
  // Sparkplug
  | "sparkplug.malformed"
  | "sparkplug.limit"
  | "sparkplug.topic"
  | "sparkplug.encode"
  | "sparkplug.command"
  // OPC UA
  | "opcua.unreachable"
  | "opcua.session"
  | "opcua.certificate"
  | "opcua.identity"
  | "opcua.node-unknown"
  | "opcua.tag-table"
  | "opcua.write"
  | "opcua.call"
  | "opcua.history"
  | "opcua.event"
  | "opcua.condition"
  | "opcua.malformed"
  // MQTT
  | "broker.unreachable"
  | "broker.offline"
  | "broker.refused"
  | "broker.port-taken"
  // store and forward
  | "spool.full"
  | "spool.corrupt"
  | "spool.io"
  // historian
  | "historian.unreachable"
  | "historian.rejected"
  | "historian.query"
  | "historian.io"
  | "historian.queue-full"
  | "historian.copy"
  // objects
  | "objects.name"
  | "objects.request"
  | "objects.missing"
  | "objects.content-type"
  | "objects.checksum"
  | "objects.refused"
  | "objects.unreachable"
  | "objects.io"
  // relational data
  | "database.unreachable"
  | "database.refused"
  | "database.query"
  | "database.constraint"
  | "database.timeout"
  | "database.busy"
  | "database.transaction"
  | "database.engine"
  | "database.migration"
  // search
  | "search.filter"
  | "search.sort"
  | "search.facets"
  | "search.request"
  | "search.document"
  | "search.missing"
  | "search.refused"
  | "search.unreachable"
  | "search.queue-full"
  | "search.copy"
  | "search.io"
  // cache
  | "cache.unreachable"
  | "cache.command"
  // backups
  | "backup.key"
  | "backup.format"
  | "backup.damaged"
  | "backup.target"
  | "backup.busy"
  // an optional package is absent
  | "feature.off";
