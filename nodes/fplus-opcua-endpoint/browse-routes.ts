import type { NodeAPI } from "node-red";
import { type AddressSpace, checkTags, type Pick, type PickOptions } from "../../lib/opcua/index.ts";
import { BrowseSessions } from "./browse-sessions.ts";
import { type EditedEndpoint, sentenceOf } from "./edited-endpoint.ts";

/** What a dialog may ask of an address space; every answer is plain JSON. */
type Question = (space: AddressSpace, body: Readonly<Record<string, unknown>>) => unknown;

const PAGE = 500;
const MAX_VALUES = 200;
const MAX_PICKS = 10_000;

const QUESTIONS: Readonly<Record<string, Question>> = {
  children: (space, { node, offset }) => space.children(text(node), Math.max(0, Number(offset) || 0), PAGE),
  values: (space, { nodes }) => space.values(list(nodes).slice(0, MAX_VALUES).map(text)),
  search: (space, { text: wanted }) => space.search(text(wanted).slice(0, 200)),
  address: (space, { node }) => space.address(text(node)),
  tags: (space, { picks, options }) =>
    space.tags(
      list(picks)
        .slice(0, MAX_PICKS)
        .map((pick) => ({ nodeId: text((pick as Pick).nodeId), below: (pick as Pick).below === true })),
      pickOptions(options),
    ),
};

/**
 * What the tree of a server asks. `POST /fplus/opcua/browser` opens one on the values of an endpoint, deployed or not, and
 * answers its id; `POST /fplus/opcua/browser/:id/:question` asks for children, values, search or tags; `DELETE` closes it.
 */
export function serveBrowseRoutes(RED: NodeAPI): void {
  const sessions = new BrowseSessions(RED);
  serveCheck(RED);
  // Connecting with values that nobody deployed takes the right to change things.
  RED.httpAdmin.post("/fplus/opcua/browser", RED.auth.needsPermission("fplus-opcua.write"), (request, response) => {
    sessions.open(request.body as EditedEndpoint).then(
      (id) => response.json({ id }),
      (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
    );
  });
  RED.httpAdmin.post(
    "/fplus/opcua/browser/:id/:question",
    RED.auth.needsPermission("fplus-opcua.read"),
    (request, response) => {
      const question = Object.hasOwn(QUESTIONS, String(request.params["question"]))
        ? QUESTIONS[String(request.params["question"])]
        : undefined;
      if (question === undefined) return void response.status(404).json({ text: "There is no such question." });
      return void Promise.resolve()
        .then(() =>
          question(sessions.get(String(request.params["id"])), (request.body ?? {}) as Record<string, unknown>),
        )
        .then(
          (answer) => response.json(answer),
          (error: unknown) => response.status(409).json({ text: sentenceOf(error) }),
        );
    },
  );
  RED.httpAdmin.delete(
    "/fplus/opcua/browser/:id",
    RED.auth.needsPermission("fplus-opcua.read"),
    (request, response) => {
      sessions.close(String(request.params["id"])).then(
        () => response.sendStatus(204),
        () => response.sendStatus(204),
      );
    },
  );
}

/** `POST /fplus/opcua/check-tags`: what is wrong with the rows of a table, by the rules that the reader follows. */
function serveCheck(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/opcua/check-tags", RED.auth.needsPermission("fplus-opcua.read"), (request, response) => {
    const { mistakes } = checkTags(list((request.body as { rows?: unknown } | undefined)?.rows));
    response.json({
      mistakes: mistakes.map(({ field, reason }) => {
        const [, row, name] = /^tags\[(\d+)\]\.(.*)$/.exec(field) ?? [];
        return { row: Number(row), field: name, reason };
      }),
    });
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function pickOptions(options: unknown): PickOptions {
  const { by, template } = (options ?? {}) as PickOptions;
  return { by: by === "path" ? "path" : "nodeId", ...(typeof template === "string" ? { template } : {}) };
}
