/**
 * The MQTT port: a link to any broker, and an embedded broker.
 * @module
 */
export type { BrokerAddress, LinkFactory, LinkOptions, MessageHandler, MqttLink, QoS, Will } from "./link.ts";
