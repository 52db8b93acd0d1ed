import { test, type TestContext } from "node:test";
import { openHistorian } from "../../../lib/historian/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type Influxd2, influxd2Program, startInfluxd2 } from "../../support/influxd2.ts";
import { missing } from "../../support/services.ts";
import { historianContract } from "./contract.ts";

async function started(t: TestContext): Promise<Influxd2> {
  const server = await startInfluxd2(temporaryFolder(t));
  t.after(() => server.stop());
  return server;
}

for (const layout of ["signals", "devices", "amrc"] as const) {
  test(`InfluxDB 2 in the layout ${layout} is a historian`, async (t) => {
    if (missing(t, "influxd 2", influxd2Program)) return;
    const { url, org, token, bucket } = await started(t);
    const everything = { status: true, unit: true, mixedTypes: true };
    const abilities = { devices: { unit: false, mixedTypes: false }, amrc: { status: false }, signals: {} }[layout];
    await historianContract(
      t,
      async (registry) => {
        const store = openHistorian({ engine: "influx", url, org, token, bucket, layout, registry });
        await store.open();
        return store;
      },
      { ...everything, ...abilities },
    );
  });
}
