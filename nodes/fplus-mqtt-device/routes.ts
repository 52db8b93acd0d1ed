import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { type BrokerAddress, openLink } from "../../lib/broker/index.ts";
import { messageOf } from "../../lib/errors/index.ts";
import { surveyTopics } from "../../lib/gateway/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";

const LISTEN_MS = 3000;
const MOST_TOPICS = 2000;

/** `GET /fplus/mqtt/topics?broker=id`: listens for three seconds on a deployed broker, blank for the plant's, and lists the topics. */
export function serveTopicRoutes(RED: NodeAPI): void {
  RED.httpAdmin.get("/fplus/mqtt/topics", RED.auth.needsPermission("fplus-mqtt.read"), (request, response) => {
    const id = String(request.query["broker"] ?? "");
    Promise.resolve()
      .then(() =>
        surveyTopics({
          address: addressOf(RED, id),
          openLink,
          clientId: `fplus-survey-${randomUUID().slice(0, 8)}`,
          forMs: LISTEN_MS,
          most: MOST_TOPICS,
        }),
      )
      .then(
        (topics) => response.json(topics),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
}

function addressOf(RED: NodeAPI, id: string): BrokerAddress {
  return id === "" ? plantOf(RED).brokerAddress() : serviceOf<BrokerService>(RED, id, "broker").address();
}
