/**
 * The MQTT port: a link to any broker, and an embedded broker.
 * @module
 */
export { EmbeddedBroker, type EmbeddedBrokerOptions, type EmbeddedBrokerStats } from "./embedded.ts";
export type { BrokerAddress, LinkFactory, LinkOptions, MessageHandler, MqttLink, QoS, Will } from "./link.ts";
export { openLink } from "./mqtt-link.ts";
export { filterCovers } from "./topic-filter.ts";
