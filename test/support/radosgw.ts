import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { startChild } from "./child.ts";
import { freePorts } from "./ports.ts";
import { findProgram } from "./services.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/** Ceph's S3 server; Debian's packages radosgw, ceph-mon, ceph-osd and ceph-common. */
export const radosgwProgram = findProgram("FPLUS_TEST_RADOSGW", "/usr/bin/radosgw");

/** A Ceph of one monitor and one disk in memory with its S3 server, on the loopback; it ends with the test. */
export async function startRadosgw(
  t: TestContext,
  folder: string,
): Promise<{ readonly url: string; readonly accessKey: string; readonly secretKey: string }> {
  const [monitor, port] = await freePorts(2);
  const cluster = randomUUID();
  const configuration = path.join(folder, "ceph.conf");
  for (const name of ["mon", "osd", "run"]) mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, "keyring"), "");
  writeFileSync(configuration, settings(folder, cluster, monitor!, port!));
  const ask = async (program: string, ...args: string[]): Promise<string> =>
    (await run(program, ["-c", configuration, ...args])).stdout;
  const start = (program: string, ...args: string[]): void => {
    const child = startChild(program, ["-c", configuration, ...args, "-f"], { stdio: "ignore" });
    t.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    });
  };
  const map = path.join(folder, "monmap");
  await run("monmaptool", ["--create", "--fsid", cluster, "--addv", "a", `[v2:127.0.0.1:${monitor!}]`, map]);
  await ask("ceph-mon", "--mkfs", "-i", "a", "--monmap", map);
  start("ceph-mon", "-i", "a");
  await ask("ceph-osd", "-i", "0", "--mkfs");
  // The disk's own id first: another one would never come up.
  const disk = (await run("cat", [path.join(folder, "osd", "fsid")])).stdout.trim();
  await ask("ceph", "--connect-timeout", "120", "osd", "new", disk);
  start("ceph-osd", "-i", "0");
  const [accessKey, secretKey] = ["minioadmin", "minioadmin-of-the-test"];
  const user = [
    "user",
    "create",
    "--uid=fplus",
    "--display-name=fplus",
    `--access-key=${accessKey}`,
    `--secret-key=${secretKey}`,
  ];
  await ask("radosgw-admin", "-n", "client.rgw", ...user);
  start("radosgw", "-n", "client.rgw");
  const url = `http://127.0.0.1:${port!}`;
  await until("radosgw", () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, accessKey, secretKey };
}

function settings(folder: string, cluster: string, monitor: number, port: number): string {
  return `[global]
fsid = ${cluster}
mon host = [v2:127.0.0.1:${monitor}/0]
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv6 = false
ms mon client mode = crc
ms client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
log file = ${folder}/$name.log
pid file = ${folder}/run/$name.pid
crash dir = ${folder}/run
mon data = ${folder}/mon
osd data = ${folder}/osd
keyring = ${folder}/keyring
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw thread pool size = 32
rgw data = ${folder}/run
`;
}
