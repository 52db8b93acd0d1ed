/** An address to listen on: the way to write it. */
export const ADDRESS_HINT =
  "Write an address of this machine, 0.0.0.0 for all, or leave it blank for this machine only.";

/** Whether a text can be an address to listen on. */
export function isAddress(text: string): boolean {
  return /^[\w.:-]+$/.test(text);
}

/** Whether only programs of this machine reach that address. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127\.[\d.]+|::1)$/.test(address);
}
