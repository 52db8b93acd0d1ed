/** What Node-RED shows in place of a secret that is stored. */
export const STORED = "__PWRD__";
