import { fstatSync, type BigIntStats, statSync } from "node:fs";

/** Tells one file from another that has its name later; undefined where there is none. */
export function fileIdentity(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : identityOf(stat);
}

/**
 * Whether the file of that name is the one that is open. One that was deleted or replaced goes on taking writes that nobody will
 * ever find again.
 */
export function isSameFile(file: string, fd: number): boolean {
  return fileIdentity(file) === identityOf(fstatSync(fd, { bigint: true }));
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
