import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import { checkRules, type Mapper, previewRows } from "../../lib/gateway/index.ts";
import { valueTypeName } from "../../lib/sample/index.ts";
import { compilerFor } from "./compiler.ts";
import type { MapService } from "./service.ts";

/** Rows that a dialog shows at once, and tags that it lists. */
const MOST_PREVIEWED = 100;
const MOST_TAGS = 20_000;

/**
 * What the dialog asks: `POST /fplus/map/check` names the mistakes of all rows, `POST /fplus/map/preview` shows what some rows
 * do with the newest values of a running map, `GET /fplus/map/tags/:id` lists the tags that it has seen.
 */
export function serveMapRoutes(RED: NodeAPI): void {
  const admin = RED.httpAdmin;
  const compile = compilerFor(RED);
  admin.post("/fplus/map/check", RED.auth.needsPermission("fplus-map.read"), (request, response) => {
    const { rules } = (request.body ?? {}) as { rules?: unknown };
    response.json(checkRules(Array.isArray(rules) ? rules : [], compile).mistakes);
  });
  admin.post("/fplus/map/preview", RED.auth.needsPermission("fplus-map.read"), (request, response) => {
    const { id, rules } = (request.body ?? {}) as { id?: unknown; rules?: unknown };
    const mapper = mapperOf(RED, String(id));
    previewRows(Array.isArray(rules) ? rules.slice(0, MOST_PREVIEWED) : [], mapper, compile).then(
      (rows) => response.type("json").send(asJson({ isRunning: mapper !== undefined, rows })),
      (error: unknown) => response.status(500).json({ text: messageOf(error) }),
    );
  });
  admin.get("/fplus/map/tags/:id", RED.auth.needsPermission("fplus-map.read"), (request, response) => {
    const routes = mapperOf(RED, String(request.params["id"]))?.routes() ?? [];
    const tags = routes.slice(0, MOST_TAGS).map(({ raw, rule, refusal, count }) => ({
      device: raw.device,
      tag: raw.metric,
      unit: raw.unit,
      type: valueTypeName(raw.type),
      isMapped: rule !== undefined,
      count,
      ...(refusal === "" ? {} : { refusal }),
    }));
    response.json(tags);
  });
}

function mapperOf(RED: NodeAPI, id: string): Mapper | undefined {
  return (RED.nodes.getNode(id) as { fplusService?: MapService } | null)?.fplusService?.mapper;
}

/** JSON has no 64-bit integers, and no numbers that are none. */
function asJson(answer: unknown): string {
  return JSON.stringify(answer, (_key, value: unknown) =>
    typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value)) ? String(value) : value,
  );
}
