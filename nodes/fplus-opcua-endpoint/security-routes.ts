import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import {
  type CertificateInfo,
  type Endpoint,
  findServers,
  type ListedCertificate,
  openApplication,
  renewApplication,
  trustListOf,
} from "../../lib/opcua/index.ts";
import { fromEnvironment, pkiFolderOf, sentenceOf } from "./edited-endpoint.ts";
import type { EndpointService } from "./service.ts";

/** What the certificate panel shows. */
interface CertificatePanel {
  readonly ours: CertificateInfo & { readonly pem: string };
  readonly servers: readonly ListedCertificate[];
}

/** What a person may decide of a server's certificate. */
type Decision = "trust" | "reject" | "remove";

/**
 * What the endpoint's dialog asks of servers and certificates. `POST /fplus/opcua/servers` with `{ address }` finds servers;
 * `GET /fplus/opcua/certificates` lists ours and theirs, `POST /fplus/opcua/certificates/:thumbprint/:decision` trusts,
 * rejects or removes one of theirs, `POST /fplus/opcua/certificate/renew` makes ours anew.
 */
export function serveSecurityRoutes(RED: NodeAPI): void {
  const { httpAdmin, auth } = RED;
  // Asking hosts about takes the right to change things: what is asked need not be deployed.
  httpAdmin.post("/fplus/opcua/servers", auth.needsPermission("fplus-opcua.write"), (request, response) => {
    const { address } = fromEnvironment({ address: String((request.body as { address?: unknown }).address ?? "") });
    findServers(address, pkiFolderOf(RED)).then(
      (servers) => response.json({ servers }),
      (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
    );
  });
  httpAdmin.get("/fplus/opcua/certificates", auth.needsPermission("fplus-opcua.read"), (_request, response) => {
    panelOf(RED).then(
      (panel) => response.json(panel),
      (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
    );
  });
  httpAdmin.post(
    "/fplus/opcua/certificates/:thumbprint/:decision",
    auth.needsPermission("fplus-opcua.write"),
    (request, response) => {
      decide(RED, String(request.params["thumbprint"]), String(request.params["decision"])).then(
        (panel) => response.json(panel),
        (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
      );
    },
  );
  httpAdmin.post("/fplus/opcua/certificate/renew", auth.needsPermission("fplus-opcua.write"), (_request, response) => {
    renew(RED).then(
      (panel) => response.json(panel),
      (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
    );
  });
}

async function panelOf(RED: NodeAPI): Promise<CertificatePanel> {
  const folder = pkiFolderOf(RED);
  const { certificate, pem } = await openApplication(folder);
  return { ours: { ...certificate, pem }, servers: await trustListOf(folder).list() };
}

async function decide(RED: NodeAPI, thumbprint: string, decision: string): Promise<CertificatePanel> {
  if (decision !== "trust" && decision !== "reject" && decision !== "remove") {
    throw new FplusError("config.invalid", "a certificate is trusted, rejected or removed", { field: "decision" });
  }
  await trustListOf(pkiFolderOf(RED))[decision satisfies Decision](thumbprint);
  for (const endpoint of runningEndpoints(RED)) {
    if (decision === "trust") endpoint.hurry();
    else if (endpoint.serverCertificate?.thumbprint === thumbprint)
      endpoint.restart("the server's certificate is not trusted any more");
  }
  return panelOf(RED);
}

async function renew(RED: NodeAPI): Promise<CertificatePanel> {
  await renewApplication(pkiFolderOf(RED));
  for (const endpoint of runningEndpoints(RED)) {
    if (endpoint.serverCertificate !== undefined) endpoint.restart("our certificate was renewed");
    else endpoint.hurry();
  }
  return panelOf(RED);
}

function runningEndpoints(RED: NodeAPI): Endpoint[] {
  const endpoints: Endpoint[] = [];
  RED.nodes.eachNode(({ id, type }: { id: string; type: string }) => {
    if (type !== "fplus-opcua-endpoint") return;
    const service = (RED.nodes.getNode(id) as { fplusService?: EndpointService } | null)?.fplusService;
    if (service !== undefined) endpoints.push(service.endpoint);
  });
  return endpoints;
}
