/** Longer texts are cut before they are searched: what is shown of them is shorter still. */
const SEARCHED = 8000;

/** `scheme://user:password@`; a port before a path is no password, and a password may hold any sign but blanks and quotes. */
const PASSWORD_IN_URL = /([a-z][a-z0-9+.-]{0,15}:\/\/[^\s/?#"'<>@:]{0,256}):(?!\d{1,5}[/?#])[^\s"'<>]*@/gi;

/** Parameters of addresses that carry a key, with those of InfluxDB 1 (`p`) and of signed links. */
const SECRET_PARAMETER =
  /([?&](?:access_token|api[_-]?key|p|passwd|password|pwd|secret|sig|signature|token|x-amz-security-token|x-amz-signature)=)[^\s&#"'<>]+/gi;

/** The text with the passwords and keys of the addresses in it replaced by `***`: for everything that is shown or logged. */
export function withoutSecrets(text: string): string {
  const searched = text.length > SEARCHED ? text.slice(0, SEARCHED) : text;
  return searched.replace(PASSWORD_IN_URL, "$1:***@").replace(SECRET_PARAMETER, "$1***");
}
