import assert from "node:assert/strict";
import { test } from "node:test";
import { EmbeddedBroker, openLink } from "../../../lib/broker/index.ts";
import { CommandTopics, type DeviceCommand } from "../../../lib/gateway/index.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

test("commands come once and in time, others are counted; replies name them", async (t) => {
  const [port] = await freePorts(1);
  const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await broker.open();
  const address = { url: `mqtt://127.0.0.1:${port}` };
  const operator = openLink({ address, clientId: "operator" });
  const replies: string[] = [];
  operator.subscribe("factory-plus/devices/+/commands/#", 1, (topic, payload) => {
    if (topic.endsWith("/reply")) replies.push(`${topic} ${Buffer.from(payload).toString()}`);
  });
  operator.start();
  await until("operator", () => operator.connected);
  const send = (topic: string, payload: unknown, retain = false) =>
    operator.publish(`factory-plus/devices/${topic}`, typeof payload === "string" ? payload : JSON.stringify(payload), {
      qos: 1,
      retain,
    });
  await send("Press01/commands/Setpoint", { id: "0", args: 1 }, true);
  const link = openLink({ address, clientId: "gateway" });
  const got: DeviceCommand[] = [];
  const faults: string[] = [];
  const commands = new CommandTopics(
    link,
    (command) => void got.push(command),
    ({ field }) => void faults.push(field ?? ""),
  );
  link.start();
  t.after(async () => {
    await link.end();
    await operator.end();
    await broker.close();
  });
  await until("gateway", () => link.connected && commands.counters.expired === 1);
  await send("Press01/commands/Setpoint", {
    id: "7",
    args: 25,
    by: "anna",
    expires: new Date(Date.now() + 60_000).toISOString(),
  });
  await send("Press01/commands/Setpoint", { id: "7", args: 25 });
  await send("Press01/commands/Setpoint", { id: "8", args: 26, expires: Date.now() - 1 });
  await send("Hall%2F1/commands/Light/On", "true");
  await send("Press01/commands/Setpoint", "{");
  await send("Press01/commands/Setpoint", { args: 1, expires: "soon" });
  await send("Press01/commands/Setpoint", "x".repeat(70_000));
  await until("all", () => commands.counters.malformed === 3);
  assert.deepEqual(got, [
    { device: "Press01", name: "Setpoint", id: "7", args: 25, by: "anna" },
    { device: "Hall/1", name: "Light/On", id: "", args: true, by: "" },
  ]);
  assert.deepEqual(commands.counters, { commands: 2, expired: 2, repeated: 1, malformed: 3 });
  assert.equal(faults.length, 3);
  await commands.reply(got[0]!, { ok: true, result: 25 });
  await commands.reply(got[1]!, { ok: false, error: "dark" });
  await until("replies", () => replies.length === 2);
  assert.deepEqual(replies, [
    'factory-plus/devices/Press01/commands/Setpoint/reply {"id":"7","ok":true,"result":25}',
    'factory-plus/devices/Hall%2F1/commands/Light/On/reply {"id":"","ok":false,"error":"dark"}',
  ]);
});
