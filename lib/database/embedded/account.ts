import { readFileSync, statSync } from "node:fs";
import path from "node:path";

/** An account of the operating system. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * The account under which the server must run when this process is root, which PostgreSQL refuses: `postgres` where
 * there is one, else `nobody`. Undefined = the account of this process.
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]): Account => ({ name, uid: Number(uid), gid: Number(gid) }));
  const found = accounts.find(({ name }) => name === "postgres") ?? accounts.find(({ name }) => name === "nobody");
  if (found === undefined || !(found.uid > 0)) throw new Error("this is root, and there is no account for the server");
  return found;
}

/**
 * The first folder on the way to a place that the account may not enter; undefined where it gets through.
 * Only rights for everybody and for the account itself are looked at.
 */
export function barredAt(place: string, { uid, gid }: Account): string | undefined {
  const folders: string[] = [];
  for (let at = path.resolve(place); ; at = path.dirname(at)) {
    folders.unshift(at);
    if (at === path.dirname(at)) break;
  }
  return folders.find((folder) => {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    const bit = stat.uid === uid ? 0o100 : stat.gid === gid ? 0o010 : 0o001;
    return (stat.mode & bit) === 0;
  });
}
