import path from "node:path";

/** The folder of `embedded:<folder>`, or undefined for another place. */
export function folderOf(place: string): string | undefined {
  return place.startsWith("embedded:") ? path.resolve(place.slice("embedded:".length)) : undefined;
}

/**
 * An address with what stands before its host taken out of it.
 * @throws Error where it is none
 */
export function serverOf(place: string): { readonly url: string; readonly user: string; readonly password: string } {
  if (!URL.canParse(place) || !/^https?:/.test(place)) throw new Error(`neither a folder nor an address: ${place}`);
  const url = new URL(place);
  const [user, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
  [url.username, url.password] = ["", ""];
  return { url: url.href.replace(/\/$/, ""), user, password };
}
