import type { XMLParser } from "fast-xml-parser";
import { FplusError } from "../../errors/index.ts";
import { s3Fault } from "./faults.ts";

const DECLARATION = `<?xml version="1.0" encoding="UTF-8"?>\n`;
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ESCAPED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** What stands in an element: text, elements by name, or several of one name. */
export type XmlValue = string | XmlElement | readonly XmlValue[] | undefined;

/** An element's children by name. */
export interface XmlElement {
  readonly [name: string]: XmlValue;
}

/** Reads the small documents that S3 clients send. Document types and entities of one's own are refused. */
export class XmlReader {
  readonly #parser: XMLParser;

  private constructor(parser: XMLParser) {
    this.#parser = parser;
  }

  /** @throws FplusError `feature.off` where the package is not installed */
  static async load(): Promise<XmlReader> {
    const library = await import("fast-xml-parser").catch((cause: unknown) => {
      const hint = "Install it beside Node-RED: npm install fast-xml-parser.";
      throw new FplusError("feature.off", "the package fast-xml-parser is not installed", {
        field: "serve",
        hint,
        cause,
      });
    });
    const parser = new library.XMLParser({
      ignoreAttributes: true,
      ignoreDeclaration: true,
      ignorePiTags: true,
      parseTagValue: false,
      trimValues: false,
      processEntities: false,
      removeNSPrefix: true,
      maxNestedTags: 8,
      tagValueProcessor: (_name, text) => decoded(text),
    });
    return new XmlReader(parser);
  }

  /**
   * The root element of a document.
   * @throws FplusError with the status MalformedXML
   */
  read(text: string, root: string): XmlElement {
    if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw malformed("document types are not taken");
    let found: XmlValue;
    try {
      found = (this.#parser.parse(text, true) as XmlElement)[root];
    } catch {
      throw malformed("it is not well-formed");
    }
    if (found === undefined) throw malformed(`it is no ${root}`);
    return typeof found === "object" && !Array.isArray(found) ? (found as XmlElement) : {};
  }
}

/** The elements of one name in an element. */
export function elementsOf(parent: XmlElement, name: string): XmlElement[] {
  return [parent[name] ?? []].flat().map((one) => (typeof one === "object" ? (one as XmlElement) : {}));
}

/** The text of a child; empty where there is none. */
export function textOf(parent: XmlElement, name: string): string {
  const found = parent[name];
  return typeof found === "string" ? found : "";
}

/** An element with text in it. */
export function element(name: string, value: string | number | boolean): string {
  return `<${name}>${String(value).replaceAll(/[&<>"\r]/g, (c) => ESCAPED[c]!)}</${name}>`;
}

/** An element with elements in it. */
export function group(name: string, ...children: readonly string[]): string {
  return `<${name}>${children.join("")}</${name}>`;
}

/** The document of an error. */
export function errorDocument(...children: readonly string[]): string {
  return `${DECLARATION}${group("Error", ...children)}`;
}

/** A whole document of S3. */
export function document(root: string, ...children: readonly string[]): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${children.join("")}</${root}>`;
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));/gi, (all, decimal, hex, name: string) => {
    if (name !== undefined) return NAMED[name] ?? all;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function malformed(reason: string): FplusError {
  return s3Fault("MalformedXML", `The XML you provided was not well-formed or did not validate: ${reason}.`);
}
