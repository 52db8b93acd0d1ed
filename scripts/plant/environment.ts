import { FplusError } from "../../lib/errors/index.ts";

/** A port that the plant opens itself, and the setting that moves it. */
export interface PlantPort {
  readonly use: string;
  readonly port: number;
  readonly setting: string;
}

/** What `npm start` runs, read once from the environment. */
export interface PlantEnvironment {
  readonly host: string;
  /** Ports to bind, editor and dashboard first. */
  readonly ports: readonly PlantPort[];
  /** Where the device data comes from, in words. */
  readonly source: string;
}

/**
 * Reads the settings of the standalone plant and fills in the variables that the preset flows use:
 * a real OPC UA server or broker in the environment turns the embedded one off.
 * @throws FplusError `config.invalid` naming the variable
 */
export function readEnvironment(env: NodeJS.ProcessEnv): PlantEnvironment {
  const ports: PlantPort[] = [
    { use: "editor and dashboard", port: portOf(env, "FPLUS_PORT", 1880), setting: "FPLUS_PORT" },
  ];
  const opcuaPort = portOf(env, "FPLUS_OPCUA_PORT", 4840);
  const mqttPort = portOf(env, "FPLUS_MQTT_PORT", 1883);
  env["FPLUS_OPCUA_PORT"] = String(opcuaPort);
  env["FPLUS_MQTT_PORT"] = String(mqttPort);

  const realServer = env["FPLUS_OPCUA_ENDPOINT"];
  env["FPLUS_SIMULATOR"] = realServer ? "off" : "on";
  env["FPLUS_OPCUA_ENDPOINT"] ||= `opc.tcp://127.0.0.1:${opcuaPort}/fplus`;
  if (!realServer) ports.push({ use: "OPC UA simulator", port: opcuaPort, setting: "FPLUS_OPCUA_PORT" });

  const realBroker = env["FPLUS_BROKER_URL"];
  env["FPLUS_EMBEDDED_BROKER"] = realBroker ? "off" : "on";
  env["FPLUS_BROKER_URL"] ||= `mqtt://127.0.0.1:${mqttPort}`;
  if (!realBroker) ports.push({ use: "MQTT broker", port: mqttPort, setting: "FPLUS_MQTT_PORT" });

  env["FPLUS_TAGS"] ||= "169";
  env["FPLUS_RATE_MS"] ||= "1000";
  return {
    host: env["FPLUS_HOST"] || "127.0.0.1",
    ports,
    source: realServer ? realServer : `simulated line, ${env["FPLUS_TAGS"]} tags`,
  };
}

function portOf(env: NodeJS.ProcessEnv, setting: string, usual: number): number {
  const text = env[setting];
  if (text === undefined || text === "") return usual;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new FplusError("config.invalid", `${setting}=${text} is not a port`, {
    field: setting,
    hint: "Use 1 to 65535.",
  });
}
