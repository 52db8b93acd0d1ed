import type { NodeAPI } from "node-red";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { discoverTags, Endpoint, methodArguments, type Tag } from "../../lib/opcua/index.ts";
import { serveBrowseRoutes } from "./browse-routes.ts";
import { plantOf } from "../frame/plant.ts";
import { substitute } from "../frame/substitute.ts";
import path from "node:path";
import type { EndpointService } from "./fplus-opcua-endpoint.ts";
import { type EndpointConfig, endpointOptions } from "./options.ts";

const CONNECT_MS = 8000;
const DISCOVER_LIMIT = 10_000;

interface DialogValues extends EndpointConfig {
  readonly id?: string;
  readonly username?: string;
  /** Left out where the stored one was not retyped. */
  readonly password?: string;
}

/**
 * What the dialogs ask: `POST /fplus/opcua/test` tries the values of an endpoint dialog,
 * `GET /fplus/opcua/tags/:id` lists the variables of a deployed endpoint's server.
 */
export function serveEndpointRoutes(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/opcua/test", RED.auth.needsPermission("fplus-opcua.write"), (request, response) => {
    tryEndpoint(RED, request.body as DialogValues).then(
      (text) => response.json({ ok: true, text }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
  serveMethod(RED);
  serveBrowseRoutes(RED);
  RED.httpAdmin.get("/fplus/opcua/tags/:id", RED.auth.needsPermission("fplus-opcua.read"), (request, response) => {
    listTags(RED, String(request.params["id"]), String(request.query["root"] ?? "")).then(
      (tags) => response.json(tags),
      (error: unknown) => response.status(409).json({ text: messageOf(error) }),
    );
  });
}

/** `GET /fplus/opcua/method/:id?object=&method=`: the arguments of a method, for the call dialog. */
function serveMethod(RED: NodeAPI): void {
  RED.httpAdmin.get("/fplus/opcua/method/:id", RED.auth.needsPermission("fplus-opcua.read"), (request, response) => {
    const { object, method } = request.query;
    running(RED, String(request.params["id"]))
      .then(({ endpoint }) =>
        methodArguments(endpoint, {
          object: typeof object === "string" ? object : "",
          method: typeof method === "string" ? method : "",
        }),
      )
      .then(
        (found) => response.json(found),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
}

async function tryEndpoint(RED: NodeAPI, values: DialogValues): Promise<string> {
  const stored = values.id === undefined ? {} : ((RED.nodes.getCredentials(values.id) ?? {}) as Record<string, string>);
  const url = substitute(values.url, (name) => process.env[name]);
  const options = endpointOptions(
    { ...values, url },
    { username: values.username ?? stored["username"], password: values.password ?? stored["password"] },
    path.join(plantOf(RED).stateDir, "pki", "client"),
  );
  const failure: { error?: unknown } = {};
  const endpoint = new Endpoint({ ...options, onError: (error) => (failure.error = error) });
  endpoint.start();
  try {
    const deadline = Date.now() + CONNECT_MS;
    while (endpoint.state !== "up") {
      if (failure.error !== undefined) throw failure.error;
      if (Date.now() > deadline) throw new FplusError("opcua.unreachable", "no answer within 8 s", { field: "url" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const tags = await endpoint.withSession((session, limits, opcua) =>
      discoverTags(session, limits, opcua, { limit: 1000 }),
    );
    return `Connected: ${tags.length === 1000 ? "1,000 or more" : tags.length} variables on ${new Set(tags.map((tag) => tag.device)).size} devices.`;
  } finally {
    await endpoint.close();
  }
}

async function listTags(RED: NodeAPI, id: string, root: string): Promise<Tag[]> {
  const { endpoint } = await running(RED, id);
  return endpoint.withSession((session, limits, opcua) =>
    discoverTags(session, limits, opcua, { limit: DISCOVER_LIMIT, ...(root === "" ? {} : { root }) }),
  );
}

/** @throws FplusError `config.missing` where the endpoint is not deployed */
async function running(RED: NodeAPI, id: string): Promise<EndpointService> {
  const service = (RED.nodes.getNode(id) as { fplusService?: EndpointService } | null)?.fplusService;
  if (service !== undefined) return service;
  throw new FplusError("config.missing", "the endpoint does not run yet", {
    field: "endpoint",
    hint: "Deploy it first.",
  });
}
