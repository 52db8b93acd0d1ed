/**
 * The cell gateway's ways in besides OPC UA: sensors that speak plain MQTT become devices like any other.
 * @module
 */
export { MqttDevices, type MqttDevicesOptions } from "./mqtt-devices.ts";
export { type Reading, readingsOf } from "./topic-payload.ts";
export { type TopicMatch, TopicPattern } from "./topic-pattern.ts";
