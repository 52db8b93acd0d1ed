RED.nodes.registerType("fplus-plant", {
  category: "config",
  paletteLabel: "plant",
  // It is the plant itself: other nodes find it without naming it.
  hasUsers: false,
  defaults: {
    name: { value: "" },
    folder: { value: "" },
    historian: { value: "", type: "fplus-historian", required: false },
    objects: { value: "", type: "fplus-object-store", required: false },
    database: { value: "", type: "fplus-database", required: false },
    search: { value: "", type: "fplus-search-engine", required: false },
    cache: { value: "", type: "fplus-cache-store", required: false },
    broker: { value: "", type: "fplus-broker", required: false },
  },
  label() {
    return this.name || "Plant";
  },
});
