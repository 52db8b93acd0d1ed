/** What a level of a topic stands for in a pattern. */
export type LevelRole = "text" | "device" | "metric" | "any";

/** A first guess: the last level names the metric, the one before it the device, the others are what they are. */
export function guessedRoles(topic: string): LevelRole[] {
  const levels = topic.split("/");
  return levels.map((_level, i) => (i === levels.length - 1 ? "metric" : i === levels.length - 2 ? "device" : "text"));
}

/** The pattern that those roles make of a topic. */
export function patternOf(topic: string, roles: readonly LevelRole[]): string {
  return topic
    .split("/")
    .map((level, i) => {
      const role = roles[i] ?? "text";
      return role === "text" ? level : role === "any" ? "+" : `{${role}}`;
    })
    .join("/");
}

/** Roles after one was changed: device and metric are one level each. */
export function withRole(roles: readonly LevelRole[], index: number, role: LevelRole): LevelRole[] {
  const isUnique = role === "device" || role === "metric";
  return roles.map((before, i) => (i === index ? role : isUnique && before === role ? "text" : before));
}

/** The topics that a pattern takes: a `{metric}` at its end takes all levels that follow. */
export function taken(pattern: string, topics: readonly string[]): string[] {
  const levels = pattern.split("/").map((level) => (/^\{.*\}$|^\+$/.test(level) ? "[^/]+" : escaped(level)));
  if (pattern.endsWith("{metric}")) levels[levels.length - 1] = ".+";
  const fitting = new RegExp(`^${levels.join("/")}$`, "s");
  return topics.filter((topic) => fitting.test(topic));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
