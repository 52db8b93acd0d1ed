import { STORED } from "../editor/stored-secret.ts";
import { isVariable, numberFrom } from "../editor/checks.ts";
import { NO_ANSWER } from "../editor/failure.ts";
import { CertificatePanel } from "./certificate-panel.ts";
import { type Offer, ServerFinder } from "./server-finder.ts";

const ADDRESS = /^opc\.tcp:\/\/(\[[\da-f:.]+\]|[^/:\s]+)(:\d+)?(\/\S*)?$/i;
const SECONDS = numberFrom(0.001, undefined, " of seconds");
const SETTINGS = [
  "name",
  "url",
  "standIns",
  "securityMode",
  "securityPolicy",
  "trust",
  "userType",
  "connectTimeout",
  "sessionTimeout",
  "keepAlive",
];
const CREDENTIALS = {
  username: { type: "text" },
  password: { type: "password" },
  userCertificate: { type: "text" },
  userKey: { type: "password" },
  userKeyPassphrase: { type: "password" },
} as const;

RED.nodes.registerType("fplus-opcua-endpoint", {
  category: "config",
  paletteLabel: "opcua endpoint",
  defaults: {
    name: { value: "" },
    url: {
      value: "opc.tcp://127.0.0.1:4840",
      required: true,
      validate(value, _options) {
        return ADDRESS.test(value) || isVariable(value) || "Write the address like opc.tcp://192.168.0.10:4840.";
      },
    },
    standIns: {
      value: "",
      validate(value, _options) {
        const wrong = (value ?? "").split(/[\s,]+/).find((one) => one !== "" && !ADDRESS.test(one));
        return wrong === undefined || isVariable(value) || `Write ${wrong} like opc.tcp://192.168.0.11:4840.`;
      },
    },
    securityMode: { value: "None" },
    securityPolicy: { value: "None" },
    trust: { value: "first-use" },
    userType: { value: "anonymous" },
    connectTimeout: { value: "", validate: SECONDS },
    sessionTimeout: { value: "", validate: SECONDS },
    keepAlive: { value: "", validate: SECONDS },
  },
  credentials: CREDENTIALS,
  label() {
    return this.name || String(this["url"]);
  },
  oneditprepare() {
    // Flows of before had a user or none.
    if (!field("userType")) $(selectorOf("userType")).val(field("username") === "" ? "anonymous" : "password");
    if (!field("trust")) $(selectorOf("trust")).val("first-use");
    const openCertificates = showTabs(() => panel.load());
    const panel = new CertificatePanel($("#fplus-opcua-certificates"));
    const finder = new ServerFinder($("#fplus-opcua-found"), takeOver);
    for (const name of ["securityMode", "securityPolicy", "userType"]) $(selectorOf(name)).on("change", showFields);
    $(selectorOf("securityMode")).on("change", choosePolicy);
    choosePolicy();
    showFields();
    $("#fplus-opcua-find").on("click", () => finder.find(field("url")));
    $("#fplus-opcua-test").on("click", () => testConnection(this, openCertificates));
  },
});

function selectorOf(name: string): string {
  return `#node-config-input-${name}`;
}

function field(name: string): string {
  return String($(selectorOf(name)).val() ?? "");
}

/** Shows the tabs; what comes back opens the one with the certificates. */
function showTabs(onCertificates: () => void): () => void {
  const tabs = RED.tabs.create({
    id: "fplus-opcua-tabs",
    onchange: ({ id }: { id: string }) => {
      $(".fplus-opcua-tab").hide();
      $(`#${id}`).show();
      if (id === "fplus-opcua-tab-certificates") onCertificates();
    },
  });
  tabs.addTab({ id: "fplus-opcua-tab-connection", label: "Connection" });
  tabs.addTab({ id: "fplus-opcua-tab-certificates", label: "Certificates" });
  tabs.addTab({ id: "fplus-opcua-tab-more", label: "Stand-ins and times" });
  return () => tabs.activateTab("fplus-opcua-tab-certificates");
}

/** A mode has a policy, and None has none. */
function choosePolicy(): void {
  if (field("securityMode") === "None") $(selectorOf("securityPolicy")).val("None");
  else if (field("securityPolicy") === "None") $(selectorOf("securityPolicy")).val("Basic256Sha256");
  showFields();
}

function showFields(): void {
  const mode = field("securityMode");
  const policy = field("securityPolicy");
  const userType = field("userType");
  $(".fplus-opcua-policy").toggle(mode !== "None");
  $(".fplus-opcua-password").toggle(userType === "password");
  $(".fplus-opcua-certificate").toggle(userType === "certificate");
  const warning =
    mode === "None"
      ? "Nothing is protected: whoever is on the network can read and change all values."
      : policy === "Basic256" || policy === "Basic128Rsa15"
        ? `${policy} is withdrawn by the OPC Foundation, for it can be broken. Choose another if the server has one.`
        : "";
  $("#fplus-opcua-warning")
    .text(warning)
    .toggle(warning !== "");
}

function takeOver(offer: Offer, asked: boolean): void {
  // A variable that names the very server stays one.
  if (!asked || !isVariable(field("url"))) $(selectorOf("url")).val(offer.url).trigger("change");
  $(selectorOf("securityMode")).val(offer.mode);
  $(selectorOf("securityPolicy")).val(offer.policy);
  const userType = field("userType") as Offer["users"][number];
  if (!offer.users.includes(userType) && offer.users.length > 0) $(selectorOf("userType")).val(offer.users[0]!);
  choosePolicy();
}

/** The values of the dialog, deployed or not; secrets that were not typed stay on the server. */
function formValues(id: string): Record<string, unknown> {
  const typed = Object.keys(CREDENTIALS).flatMap((name) =>
    field(name) === STORED ? [] : [[name, field(name)] as const],
  );
  return {
    id,
    ...Object.fromEntries(SETTINGS.map((name) => [name, field(name)])),
    credentials: Object.fromEntries(typed),
  };
}

function testConnection(node: EditorInstance, openCertificates: () => void): void {
  const result = $("#fplus-opcua-result").text("Connecting …").attr("class", "");
  const say = (text: string, good: boolean): void =>
    void result.text(text).attr("class", good ? "fplus-opcua-good" : "fplus-opcua-bad");
  $.ajax({
    url: "fplus/opcua/test",
    method: "POST",
    contentType: "application/json",
    data: JSON.stringify(formValues(node.id)),
  }).then(
    ({ ok, text, standIns }: { ok: boolean; text: string; standIns: readonly string[] }) => {
      const retype =
        !ok && field("url") !== node["url"] && Object.keys(CREDENTIALS).some((name) => field(name) === STORED);
      say(retype ? `${text} The address is a new one: type the password again.` : text, ok);
      if (!ok && /under Certificates/.test(text))
        result.append(" ", smallButton("Show certificates", openCertificates));
      const known = field("standIns").split(/[\s,]+/);
      const added = standIns.filter((url) => !known.includes(url));
      if (added.length > 0) result.append(" ", offerStandIns(added));
    },
    () => say(NO_ANSWER, false),
  );
}

function offerStandIns(urls: readonly string[]): JQuery {
  const text = urls.length === 1 ? "Add its stand-in" : `Add its ${urls.length} stand-ins`;
  const offer = smallButton(text, () => {
    const kept = field("standIns").trim();
    $(selectorOf("standIns"))
      .val([...(kept === "" ? [] : [kept]), ...urls].join("\n"))
      .trigger("change");
    offer.remove();
  });
  return offer;
}

function smallButton(text: string, click: () => void): JQuery {
  return $("<button type='button'>").addClass("red-ui-button red-ui-button-small").text(text).on("click", click);
}
