import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe } from "node:test";
import type { Page } from "playwright-core";
import { chromiumProgram } from "../support/browser.ts";
import {
  closeDialog,
  deploy,
  type Editor,
  type EditorNode,
  editorOverPlant,
  importFlow,
  openConfigDialog,
  openDialog,
  statusShows,
} from "../support/editor.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

declare const RED: Editor;

const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../package.json"), "utf8")) as {
  "node-red": { nodes: Record<string, string> };
};
const TYPES = Object.keys(manifest["node-red"].nodes);

/** Choices under which fields count that otherwise do not, and what a message needs to get as far as them. */
const CHOICES: Readonly<Record<string, readonly object[]>> = {
  "fplus-backup": [{ schedule: "hours" }, { schedule: "cron" }, { schedule: "none", history: "days" }],
  "fplus-cache": ["lock", "count"].map((action) => ({ action, key: "key", keyType: "str" })),
  "fplus-cache-store": [{ engine: "redis" }],
  "fplus-database": [{ engine: "postgres" }],
  "fplus-historian": [{ engine: "influx" }],
  "fplus-historian-query": [{ signals: "a/b/c" }, { language: "influxql" }],
  "fplus-object-store": [{ engine: "s3" }, { serve: true }],
  "fplus-objects": ["put", "link", "expire"].map((operation) => ({ operation, key: "key" })),
  "fplus-opcua-browse": [{ what: "all" }],
  "fplus-opcua-call": [{ object: "ns=1;s=Press01" }],
  "fplus-opcua-history": ["raw", "processed"].map((read) => ({ read, targets: "ns=1;s=Press01.Temperature" })),
  "fplus-opcua-read": [{ mode: "poll", source: "table" }],
  "fplus-search-engine": [{ engine: "meilisearch" }],
  "fplus-sparkplug-device": [{ publish: "changes" }],
  "fplus-sql": [{ output: "batches" }],
};
/** Their usual ports may be taken on this machine. */
const LISTENERS = ["fplus-embedded-broker", "fplus-opcua-simulator"];
/** Only a search of an index that is there looks at it. */
const ASKED_LATER = ["fplus-search.sort"];
/** Blank, and what is neither a number, an address nor a name. */
const WRONG = ["", "wrong / #"] as const;
const TAB = "every-type-tab";

/** A type as the editor knows it. */
interface Shape {
  readonly type: string;
  readonly isConfig: boolean;
  /** A new node, and one for each of its `CHOICES`. */
  readonly variants: readonly Record<string, unknown>[];
  /** What the editor calls its fields. */
  readonly labels: Record<string, string | undefined>;
  /** Values that the editor refuses, one at a time. */
  readonly refused: readonly { readonly variant: number; readonly field: string; readonly value: string }[];
}

/** Asks the editor itself which fields it refuses with which values. */
function shapesOf(page: Page): Promise<Shape[]> {
  return page.evaluate(
    ([types, choices, wrong]) => {
      const configs: Record<string, string> = {};
      RED.nodes.eachConfig(({ id, type }) => void (configs[type] ??= id));
      return types.map((type) => {
        const { defaults, category } = RED.nodes.getType(type);
        const fields = Object.entries(defaults);
        // Required fields point to configuration nodes of the plant.
        const fresh = fields.map(([field, { value, required, type: kind }]) => [
          field,
          required === true && kind !== undefined ? configs[kind] : value,
        ]);
        const variants: Record<string, unknown>[] = [{}, ...(choices[type] ?? [])].map((choice) => ({
          ...Object.fromEntries(fresh),
          ...choice,
        }));
        const isRefused = (values: object, field: string, value: string): boolean => {
          const { required, validate } = defaults[field]!;
          if (value === "" && required !== undefined) return required;
          return validate !== undefined && validate.call({ ...values, [field]: value }, value, {}) !== true;
        };
        return {
          type,
          isConfig: category === "config",
          variants,
          labels: Object.fromEntries(fields.map(([field, { label }]) => [field, label])),
          refused: variants.flatMap((values, variant) =>
            fields.flatMap(([field]) =>
              wrong.filter((value) => isRefused(values, field, value)).map((value) => ({ variant, field, value })),
            ),
          ),
        };
      });
    },
    [TYPES, CHOICES, WRONG] as const,
  );
}

describe("every type, as a new user tries it", () => {
  const editor = editorOverPlant();
  let shapes: Shape[];
  let count = 0;

  const nodeOf = (type: string, isConfig: boolean, values: object): EditorNode => {
    count += 1;
    const place = isConfig ? {} : { z: TAB, x: 200 + 250 * (count % 4), y: 40 + 40 * Math.ceil(count / 4), wires: [] };
    return { id: `every-type-${count}`, type, ...values, ...place };
  };
  /** What the plant has said as errors of a node. */
  const said = ({ type, name }: EditorNode): string[] =>
    editor.plant
      .output()
      .split("\n")
      .filter((line) => line.includes("✖") && line.includes(`[${type}:${String(name)}]`));

  before(async () => {
    if (chromiumProgram === undefined) return;
    shapes = await shapesOf(editor.page);
    await importFlow(editor.page, [{ id: TAB, type: "tab", label: "Every type" }]);
  });

  editor.test("its dialog opens with every field labelled, and marks the one that is wrong", async (page) => {
    for (const { type, isConfig, refused, variants } of shapes) {
      const node = nodeOf(type, isConfig, variants[0]!);
      await importFlow(page, [node]);
      await (isConfig ? openConfigDialog(page, type, node.id) : openDialog(page, node.id));
      assert.deepEqual(await unlabelled(page), [], type);
      const blank = await page
        .locator(".red-ui-tray-body input[type=number]:visible")
        .evaluateAll((inputs) =>
          (inputs as HTMLInputElement[]).flatMap(({ id, placeholder }) => (placeholder === "" ? [id] : [])),
        );
      const needed = refused.filter(({ value }) => value === "").map(({ field }) => field);
      assert.deepEqual(
        blank.filter((id) => !needed.some((field) => id.endsWith(`-${field}`))),
        [],
        "what a blank number means",
      );
      await editor.screenshot(`dialog-${type}`);
      for (const { variant, field, value } of refused) {
        const input = page.locator(`.red-ui-tray-body input#node-${isConfig ? "config-" : ""}input-${field}`);
        if (variant > 0 || !(await input.isVisible())) continue;
        const marked = await input.evaluate((element: HTMLInputElement, text) => {
          const good = element.value;
          const isMarkedWith = (written: string): boolean => {
            element.value = written;
            element.dispatchEvent(new Event("change", { bubbles: true }));
            return element.classList.contains("input-error");
          };
          return element.type === "number" && text !== "" ? [true, false] : [isMarkedWith(text), isMarkedWith(good)];
        }, value);
        const isNewWrong = variants[0]![field] === "" && refused.some((one) => one.field === field && one.value === "");
        assert.deepEqual(marked, [true, isNewWrong], `${type}.${field} with "${value}"`);
      }
      await closeDialog(page, "cancel");
    }
  });

  editor.test("a wrong field is named by the editor and by the runtime, and everything else goes on", async (page) => {
    const cases = shapes.flatMap(({ type, isConfig, variants, labels, refused }) =>
      refused.map(({ variant, field, value }) => ({
        key: `${type}.${field}`,
        field,
        value,
        label: labels[field] ?? "a label in the form",
        node: nodeOf(type, isConfig, { ...variants[variant], name: `${variant} ${field} ${value}`, [field]: value }),
      })),
    );
    assert.ok(cases.length > TYPES.length * 3, `${cases.length} cases`);
    const ports = (await freePorts(LISTENERS.length)).map(String);
    const fresh = shapes.map(({ type, isConfig, variants }) =>
      nodeOf(type, isConfig, {
        ...variants[0],
        name: "new",
        ...(LISTENERS.includes(type) ? { port: ports.pop() } : {}),
      }),
    );
    await importFlow(page, [
      ...cases.map(({ node }) => node),
      ...fresh,
      // What a node reads only when it is used is read at these messages.
      {
        id: "every-type-inject",
        type: "inject",
        z: TAB,
        x: 90,
        y: 20,
        repeat: "2",
        props: [{ p: "payload", v: "{}", vt: "json" }],
        wires: [cases.flatMap(({ node }) => ("z" in node ? [node.id] : []))],
      },
    ]);
    const marks = await page.evaluate(
      (ids) => ids.map((id) => RED.nodes.node(id)!["validationErrors"] as string[]),
      [...cases.map(({ node }) => node.id), ...fresh.map(({ id }) => id)],
    );
    for (const [i, { key, label }] of cases.entries())
      assert.ok(
        marks[i]!.some((mark) => mark.includes(label)),
        `${key} should be named ${label}: ${marks[i]!.join("; ")}`,
      );

    await deploy(page);
    const isNamed = ({ key, value, field }: (typeof cases)[number]): boolean =>
      ASKED_LATER.includes(key) ||
      cases
        .filter((one) => one.key === key && one.value === value)
        .flatMap(({ node }) => said(node))
        .some((line) => line.includes(`[${field}]`) || (value !== "" && line.includes(`[${value}]`)));
    await until("the runtime to name every wrong field", () => cases.every(isNamed)).catch((error: unknown) => {
      const unnamed = cases.filter((one) => !isNamed(one)).map(({ key, value }) => `${key} = "${value}"`);
      throw new Error(`${String(error)}: ${unnamed.join(", ")}`);
    });
    for (const [i, node] of fresh.entries()) {
      const isMarked = marks[cases.length + i]!.length > 0;
      assert.equal(said(node).length, isMarked ? 1 : 0, `a new ${node.type}: ${said(node).join("\n")}`);
    }
    await page.evaluate((tab) => RED.workspaces.show(tab), "fplus-tab-plant");
    await statusShows(page, /174 tags · [1-9]\d*\/s/);
  });
});

/** Fields of the open dialog that have no name. */
function unlabelled(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        ".red-ui-tray-body [id^=node-input-], .red-ui-tray-body [id^=node-config-input-]",
      ),
    ]
      .filter(({ id, offsetParent }) => offsetParent !== null && !id.endsWith("-node-disabled"))
      .filter(({ id }) => document.querySelector(`label[for="${id}"]`) === null && !/scope|icon|outputs|-btn-/.test(id))
      .map(({ id }) => id),
  );
}
