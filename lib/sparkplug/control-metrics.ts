/** The command that asks an edge node for its births. */
export const REBIRTH_METRIC = "Node Control/Rebirth";
/** The command that asks a device for its birth. */
export const DEVICE_REBIRTH_METRIC = "Device Control/Rebirth";
/** The metric that ties a death to its birth. */
export const BDSEQ_METRIC = "bdSeq";

/** ISA-95 levels as the AMRC stack names them in births, outermost first. */
export const HIERARCHY_METRICS = ["Enterprise", "Site", "Area", "Work_Center", "Work_Unit"].map(
  (level) => `Device_Information/ISA95_Hierarchy/${level}`,
);
