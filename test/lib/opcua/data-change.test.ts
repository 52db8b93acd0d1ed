import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import * as opcua from "node-opcua";
import { FplusError } from "../../../lib/errors/index.ts";
import { DataChangeDecoder } from "../../../lib/opcua/data-change.ts";
import { addDataValue } from "../../../lib/opcua/data-value.ts";
import { readPublishResponse } from "../../../lib/opcua/publish-response.ts";
import { SampleBatch, ValueType } from "../../../lib/sample/index.ts";

const { DataType, VariantArrayType } = opcua;
const HANDLES = 5;
const table = { signals: [11, 12, 13, -1, 15], texts: [undefined, undefined, new Map([[1, "one"]])] };

const word = fc.nat(0xffff_ffff);
/** Values as node-opcua holds them, by built-in type. */
const scalar = fc.oneof(
  fc.double().map((value) => ({ dataType: DataType.Double, value })),
  fc.float().map((value) => ({ dataType: DataType.Float, value })),
  fc.boolean().map((value) => ({ dataType: DataType.Boolean, value })),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ dataType: DataType.SByte, value })),
  fc.nat(255).map((value) => ({ dataType: DataType.Byte, value })),
  fc.integer({ min: -32_768, max: 32_767 }).map((value) => ({ dataType: DataType.Int16, value })),
  fc.nat(65_535).map((value) => ({ dataType: DataType.UInt16, value })),
  fc.integer().map((value) => ({ dataType: DataType.Int32, value })),
  word.map((value) => ({ dataType: DataType.UInt32, value })),
  fc.tuple(word, word).map((value) => ({ dataType: DataType.Int64, arrayType: VariantArrayType.Scalar, value })),
  fc.tuple(word, word).map((value) => ({ dataType: DataType.UInt64, arrayType: VariantArrayType.Scalar, value })),
  fc.string({ unit: "binary" }).map((value) => ({ dataType: DataType.String, value })),
  fc.constant({ dataType: DataType.String, value: null }),
  fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((value) => ({
    dataType: DataType.DateTime,
    value,
  })),
  fc.uuid().map((value) => ({ dataType: DataType.Guid, value: value.toUpperCase() })),
  fc.uint8Array().map((value) => ({ dataType: DataType.ByteString, value: Buffer.from(value) })),
);
const other = fc.oneof(
  fc.array(fc.double()).map((value) => ({
    dataType: DataType.Double,
    arrayType: VariantArrayType.Array,
    value: Float64Array.from(value),
  })),
  fc.string().map((text) => ({ dataType: DataType.LocalizedText, value: opcua.coerceLocalizedText(text) })),
);
const item = fc.record({
  handle: fc.nat(HANDLES - 1),
  value: fc.option(fc.oneof(scalar, other), { nil: undefined }),
  status: fc.constantFrom(
    opcua.StatusCodes.Good,
    opcua.StatusCodes.BadNoCommunication,
    opcua.StatusCodes.UncertainLastUsableValue,
  ),
  source: fc.option(fc.date({ min: new Date(1), max: new Date("2100-01-01"), noInvalidDate: true })),
  server: fc.option(fc.date({ min: new Date(1), max: new Date("2100-01-01"), noInvalidDate: true })),
  tenths: fc.nat(9_999),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

function encode(items: readonly Item[]): Buffer {
  const notification = new opcua.DataChangeNotification({
    monitoredItems: items.map(({ handle, value, status, source, server, tenths }) => ({
      clientHandle: handle,
      value: new opcua.DataValue({
        ...(value === undefined ? {} : { value }),
        statusCode: status,
        sourceTimestamp: source,
        sourcePicoseconds: tenths * 100_000,
        serverTimestamp: server,
      }),
    })),
  });
  const stream = new opcua.BinaryStream(notification.binaryStoreSize());
  notification.encode(stream as never);
  return stream.buffer;
}

/** What node-opcua and the slow way make of the same bytes. */
function byNodeOpcua(bytes: Buffer, now: number): SampleBatch {
  const notification = new opcua.DataChangeNotification(null);
  notification.decode(new opcua.BinaryStream(bytes));
  const batch = new SampleBatch();
  for (const { clientHandle, value } of notification.monitoredItems ?? []) {
    const signal = table.signals[clientHandle]!;
    if (signal >= 0) addDataValue(batch, signal, value, now, table.texts[clientHandle]);
  }
  return batch;
}

function rows(batch: SampleBatch): unknown[] {
  return Array.from({ length: batch.length }, (_, i) => [
    batch.signal[i],
    batch.type[i],
    batch.timeMs[i],
    batch.timeNs[i],
    batch.status[i],
    batch.value(i),
  ]);
}

test("data changes decoded from their bytes are what node-opcua makes of them, to 100 ns and 64 bits", () => {
  const decoder = new DataChangeDecoder(opcua);
  fc.assert(
    fc.property(fc.array(item, { maxLength: 30 }), (items) => {
      const bytes = encode(items);
      const batch = new SampleBatch(DataChangeDecoder.count(bytes));
      decoder.decode(bytes, table, batch, 1234);
      assert.deepEqual(rows(batch), rows(byNodeOpcua(bytes, 1234)));
    }),
    { numRuns: 500 },
  );
});

test("a 64-bit integer keeps every bit, a time its 100 ns", () => {
  const source = new Date(1_700_000_000_123);
  const bytes = encode([
    {
      handle: 0,
      value: {
        dataType: DataType.Int64,
        arrayType: VariantArrayType.Scalar,
        value: [0x7fff_ffff, 0xffff_fffe] as [number, number],
      },
      status: opcua.StatusCodes.Good,
      source,
      server: null,
      tenths: 4567,
    },
  ]);
  const batch = new SampleBatch();
  new DataChangeDecoder(opcua).decode(bytes, table, batch, 0);
  assert.equal(batch.type[0], ValueType.Int64);
  assert.equal(batch.int64(0), 0x7fff_ffff_ffff_fffen);
  assert.equal(batch.timeMs[0], 1_700_000_000_123);
  assert.equal(batch.timeNs[0], 456_700);
});

test("hostile notifications are refused with a typed error; the values before the damage are kept", () => {
  const decoder = new DataChangeDecoder(opcua);
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      (items, cut, flips) => {
        const bytes = Buffer.from(encode(items));
        for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
        const damaged = bytes.subarray(0, cut % (bytes.length + 1));
        const batch = new SampleBatch(1);
        try {
          decoder.decode(damaged, table, batch, 0);
        } catch (error) {
          assert.ok(error instanceof FplusError && error.code === "opcua.malformed", String(error));
          refused += 1;
        }
        assert.ok(batch.length <= Math.max(0, damaged.length));
        rows(batch);
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(refused > 100, `${refused} refused`);
  const endless = Buffer.alloc(4);
  endless.writeInt32LE(0x7fff_ffff);
  assert.throws(() => decoder.decode(endless, table, new SampleBatch(), 0), { code: "opcua.malformed" });
});

test("nothing in a batch lies in the message it came from: the message's memory can be freed", () => {
  const values = [
    { dataType: DataType.ByteString, value: Buffer.from("one") },
    { dataType: DataType.ByteString, arrayType: VariantArrayType.Array, value: [Buffer.from("two")] },
    { dataType: DataType.String, value: "three" },
    { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: Float64Array.of(4) },
  ];
  const bytes = new Uint8Array(
    encode(
      values.map((value) => ({
        handle: 0,
        value,
        status: opcua.StatusCodes.Good,
        source: null,
        server: null,
        tenths: 0,
      })) as Item[],
    ),
  );
  const batch = new SampleBatch();
  new DataChangeDecoder(opcua).decode(bytes, table, batch, 0);
  const before = JSON.stringify(values.map((_, i) => batch.value(i)));
  bytes.buffer.transfer(0);
  assert.equal(batch.length, values.length);
  assert.equal(JSON.stringify(values.map((_, i) => batch.value(i))), before);
  assert.match(before, /three/);
});

test("a publish response is read from its bytes; whatever is not plain is left to node-opcua, and damage never throws", () => {
  const response = new opcua.PublishResponse({
    responseHeader: { requestHandle: 77, serviceResult: opcua.StatusCodes.Good },
    subscriptionId: 5,
    availableSequenceNumbers: [3, 4],
    moreNotifications: true,
    notificationMessage: {
      sequenceNumber: 4,
      publishTime: new Date(),
      notificationData: [new opcua.DataChangeNotification({ monitoredItems: [] })],
    },
  });
  const bytesOf = (message: opcua.PublishResponse): Buffer => {
    const stream = new opcua.BinaryStream(message.binaryStoreSize() + 4);
    stream.writeUInt8(1);
    stream.writeUInt8(0);
    stream.writeUInt16(829);
    message.encode(stream as never);
    return stream.buffer;
  };
  const bytes = bytesOf(response);
  const read = readPublishResponse(bytes);
  assert.deepEqual(
    { ...read, dataChanges: read?.dataChanges.length },
    {
      requestHandle: 77,
      subscriptionId: 5,
      available: [3, 4],
      moreNotifications: true,
      sequenceNumber: 4,
      dataChanges: 1,
    },
  );
  for (let cut = 0; cut < bytes.length - 8; cut++) {
    const found = readPublishResponse(bytes.subarray(0, cut));
    assert.ok(found === undefined || found.dataChanges.every((part) => part.length <= cut), `cut at ${cut}`);
  }
  response.notificationMessage.notificationData = [
    new opcua.StatusChangeNotification({ status: opcua.StatusCodes.BadTimeout }),
  ];
  assert.equal(readPublishResponse(bytesOf(response)), undefined);
});
