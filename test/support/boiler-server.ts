/** node-opcua's own server with the boiler that the servers of other makers have: `boiler-server.ts <port> <folder>`. Prints `ready`. */
import { DataType, OPCUACertificateManager, OPCUAServer, Range, VariantArrayType } from "node-opcua";
import {
  addAggregateSupport,
  installAggregateConfigurationOptions,
  type UAVariable,
  type VariantOptions,
} from "node-opcua";

const [port, folder] = process.argv.slice(2);
const server = new OPCUAServer({
  port: Number(port),
  host: "127.0.0.1",
  hostname: "127.0.0.1",
  resourcePath: "/node-opcua",
  serverCertificateManager: new OPCUACertificateManager({
    rootFolder: folder!,
    automaticallyAcceptUnknownCertificate: true,
  }),
});
await server.initialize();
const space = server.engine.addressSpace!;
const namespace = space.registerNamespace("urn:example:boiler-house");
const house = namespace.addFolder(space.rootFolder.objects, { browseName: "BoilerHouse" });
const boiler = namespace.addObject({
  organizedBy: house,
  browseName: "Boiler7",
  nodeId: "s=Boiler7",
  eventSourceOf: space.rootFolder.objects.server,
  eventNotifier: 1,
});

function variable(
  name: string,
  value: VariantOptions,
  writable = false,
  dataType: unknown = value.dataType,
): UAVariable {
  const access = writable ? "CurrentRead | CurrentWrite" : "CurrentRead";
  return namespace.addVariable({
    componentOf: boiler,
    browseName: name,
    nodeId: `s=${name}`,
    dataType: dataType as string,
    valueRank: value.arrayType === VariantArrayType.Array ? 1 : -1,
    accessLevel: access,
    userAccessLevel: access,
    minimumSamplingInterval: 0,
    value,
  });
}

const wide = (value: number): VariantOptions => ({
  dataType: DataType.Int64,
  arrayType: VariantArrayType.Scalar,
  value: [value < 0 ? 0xffff_ffff : 0, value >>> 0],
});
const list = (values: number[]): VariantOptions => ({
  dataType: DataType.Double,
  arrayType: VariantArrayType.Array,
  value: Float64Array.from(values),
});
const level = variable("Level", { dataType: DataType.Double, value: 41.5 });
const steps = variable("Steps", wide(0));
variable("Burner", { dataType: DataType.Boolean, value: true });
variable("Fuel", { dataType: DataType.String, value: "gas" });
variable("Curve", list([1, 2.5, 4]));
variable("Limits", { dataType: DataType.ExtensionObject, value: new Range({ low: 1, high: 9 }) }, true, "Range");
const modes = namespace.addEnumerationType({ browseName: "BoilerMode", enumeration: ["Cold", "Heating", "Steaming"] });
const mode = variable("Mode", { dataType: DataType.Int32, value: 2 }, false, modes.nodeId);
variable("ModeWanted", { dataType: DataType.Int32, value: 0 }, true, modes.nodeId);
variable("Setpoint", { dataType: DataType.Float, value: 20.5 }, true);
variable("Target", wide(7), true);
variable("Small", { dataType: DataType.Int16, value: -1 }, true);
variable("Weights", list([1, 2]), true);
const argument = (name: string, dataType: DataType) => ({ name, dataType, description: { text: `the ${name}` } });
namespace
  .addMethod(boiler, {
    browseName: "Multiply",
    nodeId: "s=Multiply",
    inputArguments: [argument("factor", DataType.Double), argument("times", DataType.Int64)],
    outputArguments: [argument("product", DataType.Double), argument("several", DataType.Boolean)],
  })
  .bindMethod((input, _context, done) => {
    const times = (input[1]!.value as [number, number])[1];
    const product = Number(input[0]!.value) * times;
    done(null, {
      outputArguments: [
        { dataType: DataType.Double, value: product },
        { dataType: DataType.Boolean, value: times > 1 },
      ],
    });
  });
addAggregateSupport(space);
space.installHistoricalDataNode(level, { maxOnlineValues: 1000 });
installAggregateConfigurationOptions(level, { stepped: false });
space.installAlarmsAndConditionsService();
namespace.instantiateExclusiveLimitAlarm("ExclusiveLimitAlarmType", {
  browseName: "LevelAlarm",
  nodeId: "s=LevelAlarm",
  conditionName: "LevelAlarm",
  conditionSource: boiler,
  conditionOf: boiler,
  inputNode: level,
  highLimit: 48,
  lowLimit: 0,
});
await server.start();
console.log("ready");
let count = -5;
setInterval(() => {
  count += 1;
  level.setValueFromSource({ dataType: DataType.Double, value: 41.5 + (((count % 10) + 10) % 10) });
  steps.setValueFromSource(wide(count));
  mode.setValueFromSource({ dataType: DataType.Int32, value: ((count % 3) + 3) % 3 });
  if (count % 5 !== 0) return;
  boiler.raiseEvent("BaseEventType", {
    sourceName: { dataType: DataType.String, value: "Boiler7" },
    message: { dataType: DataType.LocalizedText, value: { text: `count ${count}` } },
    severity: { dataType: DataType.UInt16, value: 300 },
  });
}, 200);
