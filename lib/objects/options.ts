/** The embedded store: a folder of its own, no server. */
export interface EmbeddedObjectsOptions {
  readonly engine: "embedded";
  /** Absolute folder; made when missing. One process a folder. */
  readonly directory: string;
  /** Address under which the links are served (`http://plant:1880/fplus/objects`); without it links begin with their path. */
  readonly linkBase?: string;
  /** Encrypts the content of objects on the disk; without it they lie there as they are. At least 12 characters. */
  readonly encryptionKey?: string;
  /** Name for the health page; default `objects`. */
  readonly name?: string;
}

/** An S3 server: MinIO, Ceph, AWS and others. */
export interface S3Options {
  readonly engine: "s3";
  /** `http://host:9000` or `https://…`; several with a comma between them are replicas: when one is away the next is asked. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Default: the server is asked. */
  readonly region?: string;
  /** Bucket in the path (MinIO, Ceph) or in the host name (AWS); default true. */
  readonly pathStyle?: boolean;
  /** Milliseconds without a byte until a request counts as failed; default 30,000. */
  readonly timeoutMs?: number;
  /** Name for the health page; default `objects`. */
  readonly name?: string;
}

/** Where objects are kept. */
export type ObjectsOptions = EmbeddedObjectsOptions | S3Options;
