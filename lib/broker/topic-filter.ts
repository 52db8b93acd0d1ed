/**
 * Whether an MQTT topic filter (`+` for one level, `#` for the rest) covers a topic (MQTT 3.1.1 section 4.7).
 * A filter that begins with a wildcard does not cover topics that begin with `$`.
 */
export function filterCovers(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) return false;
  const wanted = filter.split("/");
  const levels = topic.split("/");
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === "#") return true;
    if (i >= levels.length) return false;
    if (wanted[i] !== "+" && wanted[i] !== levels[i]) return false;
  }
  return wanted.length === levels.length;
}
