import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import { eventNotifiers, eventTypeFields, eventTypes, STANDARD_FIELDS } from "../../lib/opcua/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { serviceOf } from "../frame/index.ts";

/**
 * What the dialog asks of a deployed endpoint: `GET /fplus/opcua/event-types/:endpoint` lists the kinds of events,
 * `GET /fplus/opcua/event-fields/:endpoint?type=` the fields of one that are not sent anyway, `GET /fplus/opcua/notifiers/:endpoint`
 * what reports events and what they come from.
 */
export function serveEventRoutes(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission("fplus-opcua.read");
  const endpointOf = (id: unknown) => serviceOf<EndpointService>(RED, String(id ?? ""), "endpoint").endpoint;
  RED.httpAdmin.get("/fplus/opcua/event-types/:id", mayRead, (request, response) => {
    Promise.resolve()
      .then(() => eventTypes(endpointOf(request.params["id"])))
      .then(
        (types) => response.json(types),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
  RED.httpAdmin.get("/fplus/opcua/event-fields/:id", mayRead, (request, response) => {
    const sent = new Set(STANDARD_FIELDS.map(({ path }) => path));
    Promise.resolve()
      .then(() => eventTypeFields(endpointOf(request.params["id"]), String(request.query["type"] ?? "")))
      .then(
        (fields) => response.json(fields.filter(({ path }) => !sent.has(path))),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
  RED.httpAdmin.get("/fplus/opcua/notifiers/:id", mayRead, (request, response) => {
    Promise.resolve()
      .then(() => eventNotifiers(endpointOf(request.params["id"])))
      .then(
        (notifiers) => response.json(notifiers),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
}
