import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What a plant keeps about its one administrator; the password itself is never written down. */
interface AdminFile {
  readonly username: string;
  readonly salt: string;
  readonly hash: string;
  /** Key with which Node-RED encrypts the credentials of flows. */
  readonly credentialSecret: string;
}

export interface Admin {
  readonly username: string;
  readonly credentialSecret: string;
  /** The generated password, at the first start only. */
  readonly newPassword: string | undefined;
  matches(username: string, password: string): boolean;
}

/** Reads the administrator of a state folder, or makes one with a random password (or `FPLUS_ADMIN_PASSWORD`). */
export function openAdmin(stateDir: string): Admin {
  const file = path.join(stateDir, "admin.json");
  let newPassword: string | undefined;
  if (!existsSync(file)) {
    newPassword = process.env["FPLUS_ADMIN_PASSWORD"] || randomBytes(12).toString("base64url");
    const salt = randomBytes(16).toString("hex");
    const content: AdminFile = {
      username: "admin",
      salt,
      hash: hashOf(newPassword, salt),
      credentialSecret: randomBytes(32).toString("hex"),
    };
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  }
  const saved = JSON.parse(readFileSync(file, "utf8")) as AdminFile;
  return {
    username: saved.username,
    credentialSecret: saved.credentialSecret,
    newPassword,
    matches(username, password) {
      const given = Buffer.from(hashOf(password, saved.salt), "hex");
      return username === saved.username && timingSafeEqual(given, Buffer.from(saved.hash, "hex"));
    },
  };
}

function hashOf(password: string, salt: string): string {
  return scryptSync(password, salt, 32).toString("hex");
}
