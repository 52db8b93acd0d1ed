import { type Failure, reasonOf } from "../editor/failure.ts";
import { bytesText } from "./bytes-text.ts";

/** What was pointed at: a bucket, one of its folders (`prefix`) or an object (`key`). */
export interface ObjectPlace {
  readonly bucket: string;
  /** Ends with `/`, or is empty. */
  readonly prefix: string;
  readonly key?: string;
}

interface Listed {
  readonly buckets?: readonly string[];
  readonly folders?: readonly string[];
  readonly objects?: readonly { readonly key: string; readonly size: number }[];
  readonly more?: boolean;
}

interface PlaceItem {
  label: string;
  sublabel?: string;
  icon: string;
  children?: (done: (items: PlaceItem[]) => void) => void;
  place?: ObjectPlace;
}

/** Shows what a deployed store holds, folder by folder; `use` gets the bucket, folder or object that was pointed at. */
export function browseObjects(store: string, use: (place: ObjectPlace) => void): void {
  const note = $("<p>").attr("role", "status").text("Asking the store …");
  const tree = $("<div>").css({ height: "340px" });
  let chosen: ObjectPlace | undefined;
  const ask = (place: Partial<ObjectPlace>, done: (found: Listed) => void): void => {
    $.getJSON(`fplus/objects/browse/${encodeURIComponent(store || "plant")}`, place).then(done, (failure: Failure) => {
      note.text(reasonOf(failure));
      done({});
    });
  };
  const branch = (label: string, icon: string, place: ObjectPlace): PlaceItem => ({
    label,
    icon,
    place,
    children: (done) => ask(place, (found) => done(itemsOf(found, place))),
  });
  const itemsOf = (
    { folders = [], objects = [], more = false }: Listed,
    { bucket, prefix }: ObjectPlace,
  ): PlaceItem[] => [
    ...folders.map((folder) => branch(folder.slice(prefix.length, -1), "fa fa-folder-o", { bucket, prefix: folder })),
    ...objects.map(({ key, size }) => ({
      label: key.slice(prefix.length),
      sublabel: bytesText(size),
      icon: "fa fa-file-o",
      place: { bucket, prefix, key },
    })),
    ...(more ? [{ label: "and more; type the name of what is not listed", icon: "fa fa-ellipsis-h" }] : []),
  ];
  const notice = RED.notify($("<div>").append(note, tree), {
    modal: true,
    fixed: true,
    width: 560,
    buttons: [
      { text: "Cancel", click: () => notice.close() },
      {
        text: "Use",
        class: "primary",
        click: () => {
          if (chosen !== undefined) use(chosen);
          notice.close();
        },
      },
    ],
  });
  tree.treeList({ data: [], ariaLabel: "Buckets and objects" });
  tree.on("treelistselect", (_event, item?: PlaceItem) => {
    if (item?.place === undefined) return;
    chosen = item.place;
    note.text(`${chosen.bucket} / ${chosen.key ?? chosen.prefix}`);
  });
  ask({}, ({ buckets }) => {
    if (buckets === undefined) return;
    note.text(
      buckets.length === 0
        ? "The store has no bucket yet; put makes one."
        : "Point at a bucket, a folder or an object.",
    );
    tree.treeList(
      "data",
      buckets.map((bucket) => branch(bucket, "fa fa-archive", { bucket, prefix: "" })),
    );
  });
}
