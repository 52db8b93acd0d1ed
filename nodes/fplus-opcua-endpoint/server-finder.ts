import { type Failure, reasonOf } from "../editor/failure.ts";

/** One way to connect to a server, as `POST fplus/opcua/servers` answers. */
export interface Offer {
  readonly url: string;
  readonly mode: "None" | "Sign" | "SignAndEncrypt";
  readonly policy: string;
  readonly level: number;
  readonly users: readonly ("anonymous" | "password" | "certificate")[];
  readonly certificate?: { readonly fingerprint: string; readonly subject: string; readonly validTo: number };
}

interface Server {
  readonly name: string;
  readonly url: string;
  readonly endpoints: readonly Offer[];
  readonly problem: string;
}

const MODE_TEXT = { None: "None", Sign: "Sign", SignAndEncrypt: "Sign and encrypt" } as const;
const WITHDRAWN = ["Basic256", "Basic128Rsa15"];

/** Finds the servers of a host and shows what they offer; a click on an offer hands it on. */
export class ServerFinder {
  readonly #place: JQuery;
  readonly #use: (offer: Offer, asked: boolean) => void;

  /** @param use told of the offer that was taken, and whether it is of the very server that was asked */
  constructor(place: JQuery, use: (offer: Offer, asked: boolean) => void) {
    this.#place = place;
    this.#use = use;
  }

  find(address: string): void {
    this.#place.show().empty().append($("<span>").text("Asking …"));
    $.ajax({
      url: "fplus/opcua/servers",
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify({ address }),
    }).then(
      ({ servers }: { servers: readonly Server[] }) => this.#show(servers),
      (failed: Failure) => this.#place.empty().append($("<span>").addClass("fplus-opcua-bad").text(reasonOf(failed))),
    );
  }

  #show(servers: readonly Server[]): void {
    const table = $("<table>").addClass("fplus-opcua-table").attr("aria-label", "Servers found");
    servers.forEach((server, i) => {
      table.append($("<tr>").addClass("fplus-opcua-server").append(this.#title(server)));
      for (const offer of server.endpoints) table.append(this.#row(offer, i === 0));
    });
    this.#place.empty().append(table);
  }

  #title({ name, url, endpoints, problem }: Server): JQuery {
    const title = $("<td>").attr("colspan", 3).text(`${name} `);
    title.append($("<span>").addClass("fplus-opcua-soft").text(url));
    if (problem !== "") title.append($("<div>").addClass("fplus-opcua-bad").text(problem));
    const certificate = endpoints.find(({ mode, certificate: shown }) => mode !== "None" && shown)?.certificate;
    if (certificate === undefined) return title;
    const { fingerprint, subject, validTo } = certificate;
    const over = validTo < Date.now();
    return title.append(
      $("<div>")
        .addClass(over ? "fplus-opcua-bad" : "fplus-opcua-soft")
        .text(`Its certificate: ${subject}, ${over ? "expired on" : "valid until"} ${isoDay(validTo)}`),
      $("<div>").addClass("fplus-opcua-print fplus-opcua-soft").text(`SHA-256 ${fingerprint}`),
    );
  }

  #row(offer: Offer, asked: boolean): JQuery {
    const security = $("<td>").text(offer.mode === "None" ? "None" : `${MODE_TEXT[offer.mode]} · ${offer.policy}`);
    const flaw = offer.mode === "None" ? "not protected" : WITHDRAWN.includes(offer.policy) ? "withdrawn" : "";
    if (flaw !== "") security.append(" ", $("<span>").addClass("fplus-opcua-warn").text(flaw));
    security.append($("<span>").addClass("fplus-opcua-soft").text(` level ${offer.level}`));
    const button = $("<button type='button'>")
      .addClass("red-ui-button red-ui-button-small")
      .attr("aria-label", `Use ${offer.mode} ${offer.policy} at ${offer.url}`)
      .text("Use")
      .on("click", () => {
        this.#use(offer, asked);
        this.#place.empty().hide();
      });
    return $("<tr>").append(
      security,
      $("<td>").addClass("fplus-opcua-soft").text(offer.users.join(", ")),
      $("<td>").addClass("fplus-opcua-act").append(button),
    );
  }
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
