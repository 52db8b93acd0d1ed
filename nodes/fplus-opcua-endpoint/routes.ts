import type { NodeAPI } from "node-red";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { discoverTags, methodArguments, readStandIns, type Tag } from "../../lib/opcua/index.ts";
import { serveBrowseRoutes } from "./browse-routes.ts";
import { connectEdited, type EditedEndpoint, optionsOfEdited, sentenceOf } from "./edited-endpoint.ts";
import type { EndpointService } from "./service.ts";
import { serveSecurityRoutes } from "./security-routes.ts";

const DISCOVER_LIMIT = 10_000;
const COUNT_LIMIT = 1000;

/** What a test of a connection came to. */
interface TestAnswer {
  readonly ok: boolean;
  readonly text: string;
  /** Addresses of the other servers of a redundant set, as this one names them. */
  readonly standIns: readonly string[];
}

/**
 * What the dialogs ask: `POST /fplus/opcua/test` tries the values of an endpoint dialog,
 * `GET /fplus/opcua/tags/:id` lists the variables of a deployed endpoint's server.
 */
export function serveEndpointRoutes(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/opcua/test", RED.auth.needsPermission("fplus-opcua.write"), (request, response) => {
    tryEndpoint(RED, request.body as EditedEndpoint).then(
      (answer) => response.json(answer),
      (error: unknown) => response.json({ ok: false, text: sentenceOf(error), standIns: [] }),
    );
  });
  serveMethod(RED);
  serveBrowseRoutes(RED);
  serveSecurityRoutes(RED);
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

async function tryEndpoint(RED: NodeAPI, edited: EditedEndpoint): Promise<TestAnswer> {
  const options = optionsOfEdited(RED, edited);
  const endpoint = await connectEdited(options);
  try {
    return await endpoint.withSession(async (session, limits, opcua) => {
      const tags = await discoverTags(session, limits, opcua, { limit: COUNT_LIMIT });
      const devices = new Set(tags.map(({ device }) => device)).size;
      const count = tags.length === COUNT_LIMIT ? "1,000 or more" : String(tags.length);
      return {
        ok: true,
        text: `Connected: ${count} variables on ${devices} ${devices === 1 ? "device" : "devices"}.`,
        standIns: await readStandIns(session, endpoint.url, options.pkiFolder),
      };
    });
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
