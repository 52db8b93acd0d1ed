import { type OPCUAServer, ServiceFault, type StatusCode, StatusCodes } from "node-opcua";

/** Which requests a server refuses: those with more operations than it likes, by the name of the request; others count as one. */
export type RequestLimits = Readonly<
  Record<
    string,
    {
      readonly atMost: number;
      /** Name of the StatusCode it answers with; `cut` closes the connection without a word. */
      readonly answer: string;
    }
  >
>;

/** The operations of each kind of request. */
const OPERATIONS: Readonly<Record<string, string>> = {
  ReadRequest: "nodesToRead",
  WriteRequest: "nodesToWrite",
  BrowseRequest: "nodesToBrowse",
  TranslateBrowsePathsToNodeIdsRequest: "browsePaths",
  CreateMonitoredItemsRequest: "itemsToCreate",
  ModifyMonitoredItemsRequest: "itemsToModify",
  DeleteMonitoredItemsRequest: "monitoredItemIds",
};

/** A request as it reaches the server, and how it answers. */
interface Message {
  readonly request: { readonly schema: { readonly name: string } } & Record<string, unknown>;
}
interface Channel {
  send_response(type: "MSG", response: ServiceFault, message: Message): void;
  abruptlyInterrupt(): void;
}

/** What a server was asked: the operations of each request that it served, and of each that it refused. */
export class RequestGuard {
  readonly served: { readonly request: string; readonly operations: readonly unknown[] }[] = [];
  readonly refused: { readonly request: string; readonly operations: number }[] = [];
  limits: RequestLimits = {};

  /** Stands in front of every request of a server: its limits are those of the wire, whatever the server states. */
  guard(server: OPCUAServer): void {
    const entrance = server as unknown as { on_request(message: Message, channel: Channel): void };
    const serve = entrance.on_request.bind(server);
    entrance.on_request = (message, channel) => {
      const { name } = message.request.schema;
      const operations = message.request[OPERATIONS[name] ?? ""];
      const limit = this.limits[name];
      const count = Array.isArray(operations) ? operations.length : 1;
      if (limit === undefined || count <= limit.atMost) {
        if (Array.isArray(operations)) this.served.push({ request: name, operations });
        return serve(message, channel);
      }
      this.refused.push({ request: name, operations: count });
      if (limit.answer === "cut") return channel.abruptlyInterrupt();
      const serviceResult = (StatusCodes as unknown as Record<string, StatusCode>)[limit.answer]!;
      return channel.send_response("MSG", new ServiceFault({ responseHeader: { serviceResult } }), message);
    };
  }

  /** How many operations each served request of that name had. */
  sizes(request: string): number[] {
    return this.served.filter((one) => one.request === request).map(({ operations }) => operations.length);
  }
}
