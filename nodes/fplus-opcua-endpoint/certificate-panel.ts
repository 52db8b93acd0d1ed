import { type Failure, reasonOf } from "../editor/failure.ts";

interface Certificate {
  readonly thumbprint: string;
  readonly fingerprint: string;
  readonly subject: string;
  readonly validFrom: number;
  readonly validTo: number;
  readonly applicationUri: string;
}

interface Panel {
  readonly ours: Certificate & { readonly pem: string };
  readonly servers: readonly (Certificate & {
    readonly state: "trusted" | "rejected";
    readonly firstUse: boolean;
    readonly address: string;
    readonly reason: string;
  })[];
}

type Listed = Panel["servers"][number];

const SOON_MS = 60 * 24 * 60 * 60 * 1000;

/** Our certificate, and those of servers with what is thought of them. */
export class CertificatePanel {
  readonly #place: JQuery;

  constructor(place: JQuery) {
    this.#place = place;
  }

  load(): void {
    this.#ask("GET", "fplus/opcua/certificates");
  }

  #ask(method: "GET" | "POST", url: string): void {
    $.ajax({ url, method }).then(
      (panel: Panel) => this.#show(panel),
      (failed: Failure) => void RED.notify(reasonOf(failed), "error"),
    );
  }

  #show({ ours, servers }: Panel): void {
    this.#place.empty().append(this.#ours(ours), this.#servers(servers));
  }

  #ours(ours: Panel["ours"]): JQuery {
    const link = $("<a>")
      .addClass("red-ui-button red-ui-button-small")
      .attr({
        href: `data:application/x-pem-file;charset=utf-8,${encodeURIComponent(ours.pem)}`,
        download: "factory-plus-opcua-client.pem",
      })
      .text("Download");
    const renew = button("Renew", "Make a new key and certificate", () => this.#renew());
    return $("<div>")
      .addClass("fplus-opcua-card")
      .append(
        $("<div>").css("float", "right").append(link, " ", renew),
        $("<b>").text("Our certificate"),
        $("<div>").text("Every endpoint of this plant shows it. Let each server trust it."),
        ...details(ours),
      );
  }

  #servers(servers: readonly Listed[]): JQuery {
    if (servers.length === 0) {
      return $("<div>")
        .addClass("fplus-opcua-soft")
        .text("No server has shown a certificate yet. Servers do so with Sign, and with Sign and encrypt.");
    }
    const table = $("<table>").addClass("fplus-opcua-table").attr("aria-label", "Certificates of servers");
    table.append($("<tr>").append(...["Server's certificate", "State", ""].map((title) => $("<th>").text(title))));
    return table.append(...servers.map((one) => this.#row(one)));
  }

  #row(one: Listed): JQuery {
    const { thumbprint, state, firstUse, address, reason } = one;
    const decide = (decision: string) => () => this.#ask("POST", `fplus/opcua/certificates/${thumbprint}/${decision}`);
    const actions = [
      ...(state === "rejected" || firstUse || one.validTo < Date.now()
        ? [button("Trust", `Trust the certificate of ${address || one.subject}`, decide("trust"))]
        : []),
      ...(state === "trusted"
        ? [button("Reject", `Reject the certificate of ${address || one.subject}`, decide("reject"))]
        : []),
      button("Remove", `Forget the certificate of ${address || one.subject}`, decide("remove")),
    ];
    const verdict = $("<td>").append(
      $("<div>")
        .addClass(state === "trusted" ? "fplus-opcua-good" : "fplus-opcua-bad")
        .text(state === "trusted" ? (firstUse ? "trusted at first use" : "trusted") : "rejected"),
      $("<div>").addClass("fplus-opcua-soft").text(reason),
    );
    const act = $("<td>").addClass("fplus-opcua-act");
    actions.forEach((action, i) => act.append(i > 0 ? " " : "", action));
    return $("<tr>").append(
      $("<td>").append($("<b>").text(address || "put here by hand"), ...details(one)),
      verdict,
      act,
    );
  }

  #renew(): void {
    const question = RED.notify(
      "Make a new key and certificate? Every server must trust the new one before it lets us in again.",
      {
        type: "warning",
        modal: true,
        fixed: true,
        buttons: [
          { text: "Cancel", click: () => question.close() },
          {
            text: "Renew",
            class: "primary",
            click: () => {
              question.close();
              this.#ask("POST", "fplus/opcua/certificate/renew");
            },
          },
        ],
      },
    );
  }
}

function details({ subject, fingerprint, thumbprint, validFrom, validTo, applicationUri }: Certificate): JQuery[] {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  const now = Date.now();
  const look = validTo < now ? "fplus-opcua-bad" : validTo < now + SOON_MS ? "fplus-opcua-warn" : "fplus-opcua-soft";
  const state = validTo < now ? "expired: " : validTo < now + SOON_MS ? "ends soon: " : "valid ";
  return [
    $("<div>").text(subject),
    $("<div>").addClass("fplus-opcua-soft").text(applicationUri),
    $("<div>")
      .addClass(look)
      .text(`${state}${day(validFrom)} to ${day(validTo)}`),
    $("<div>").addClass("fplus-opcua-print").text(`SHA-1 ${thumbprint}`),
    $("<div>").addClass("fplus-opcua-print fplus-opcua-sha256").text(`SHA-256 ${fingerprint}`),
  ];
}

function button(text: string, label: string, click: () => void): JQuery {
  return $("<button type='button'>")
    .addClass("red-ui-button red-ui-button-small")
    .attr("aria-label", label)
    .text(text)
    .on("click", click);
}
