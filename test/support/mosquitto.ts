import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { findProgram, type ServiceProcess, startService } from "./services.ts";

export const mosquittoProgram = findProgram("MOSQUITTO", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto");

/** Starts a real Mosquitto on that loopback port, without persistence. */
export function startMosquitto(folder: string, port: number): Promise<ServiceProcess> {
  const config = path.join(folder, `mosquitto-${port}.conf`);
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  return startService(mosquittoProgram ?? "mosquitto", ["-c", config], () => accepts(port));
}

/** Whether something listens on that loopback port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
