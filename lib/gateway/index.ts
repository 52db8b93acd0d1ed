/**
 * The cell gateway: from raw tags to the plant's own names, and sensors that speak plain MQTT as devices like any other.
 * @module
 */
export { type CommandReply, CommandTopics, type DeviceCommand } from "./command-topics.ts";
export type { RuleCounts } from "./mapping/compiled-rule.ts";
export { type Formula, type FormulaCompiler, formulaOf, type JsonataExpression } from "./mapping/formula.ts";
export { MapQueue } from "./mapping/map-queue.ts";
export { Mapped } from "./mapping/mapped.ts";
export { Mapper, type MapperOptions } from "./mapping/mapper.ts";
export { previewRows, type RowPreview } from "./mapping/preview.ts";
export type { Route } from "./mapping/route.ts";
export { checkRules, mapError, type MapRule, type RuleMistake } from "./mapping/rule.ts";
export type { RawWrite } from "./mapping/write-back.ts";
export { DeviceBoard, type DeviceBoardOptions } from "./status/device-board.ts";
export { type DeviceCondition, type DeviceStatus, deviceStatusOf, worseOf } from "./status/device-status.ts";
export { StatusTopics, type StatusTopicsOptions, type StatusSource } from "./status/status-topics.ts";
export { MqttDevices, type MqttDevicesOptions } from "./mqtt-devices.ts";
export { type Reading, readingsOf } from "./topic-payload.ts";
export { type TopicMatch, TopicPattern } from "./topic-pattern.ts";
export { type SurveyOptions, surveyTopics, type TopicSeen } from "./topic-survey.ts";
