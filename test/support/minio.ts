import path from "node:path";
import { freePorts } from "./ports.ts";
import { findProgram, type ServiceProcess, startService } from "./services.ts";

/** A MinIO that `go install` built. */
export const minioProgram = findProgram("FPLUS_TEST_MINIO", path.resolve(import.meta.dirname, "../../.tmp/go/minio"));

/** A real S3 server on the loopback, with its data in a folder of the test. */
export interface Minio extends ServiceProcess {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Starts MinIO and waits until it answers; the same folder and port bring back the same data. */
export async function startMinio(folder: string, port?: number): Promise<Minio> {
  const [free] = await freePorts(1);
  const address = `127.0.0.1:${port ?? free!}`;
  const url = `http://${address}`;
  const [accessKey, secretKey] = ["minioadmin", "minioadmin-of-the-test"];
  const service = await startService(
    minioProgram ?? "minio",
    ["server", "--quiet", "--address", address, "--console-address", "127.0.0.1:0", folder],
    // "ready" is said before it serves objects.
    async () => (await fetch(`${url}/minio/health/cluster`)).ok,
    {
      ...process.env,
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      HOME: folder,
    },
  );
  return { ...service, url, accessKey, secretKey };
}
