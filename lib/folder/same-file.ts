import { fstatSync, statSync } from "node:fs";

/**
 * Whether the file of that name is the one that is open. One that was deleted or replaced goes on taking writes that nobody will
 * ever find again.
 */
export function isSameFile(file: string, fd: number): boolean {
  const named = statSync(file, { bigint: true, throwIfNoEntry: false });
  const open = fstatSync(fd, { bigint: true });
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}
