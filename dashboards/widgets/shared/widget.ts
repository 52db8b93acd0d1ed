import { type Component, defineComponent, inject, onBeforeUnmount, onMounted, shallowRef, type VNode } from "vue";
import { type DashboardSocket, LiveClient } from "./live-client.ts";
import css from "./style.css";

export interface WidgetProps {
  readonly id: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/** Makes a dashboard widget: `setup` is given the live feed and returns what draws the widget. */
export function defineWidget(
  name: string,
  setup: (client: LiveClient, props: WidgetProps, now: { value: number }) => () => VNode,
): Component {
  addStyle();
  return defineComponent({
    name,
    inject: ["$socket"],
    props: {
      id: { type: String, required: true },
      props: { type: Object, required: true },
      state: { type: Object, required: true },
    },
    setup(props) {
      const socket = inject<DashboardSocket>("$socket");
      if (socket === undefined) throw new Error("the dashboard gave no socket");
      const client = new LiveClient(socket, props.id);
      // Ages on the screen go on while no value comes.
      const now = shallowRef(Date.now());
      let timer = 0;
      onMounted(() => (timer = window.setInterval(() => (now.value = Date.now()), 1000)));
      onBeforeUnmount(() => {
        clearInterval(timer);
        client.close();
      });
      return setup(client, props as unknown as WidgetProps, now);
    },
  });
}

/** Gives the widget to the dashboard under the name that its node announced. */
export function publishWidget(type: string, component: string, definition: Component): void {
  (window as unknown as Record<string, object>)[type] = { [component]: definition };
}

function addStyle(): void {
  if (document.getElementById("fplus-style") !== null) return;
  const style = document.createElement("style");
  style.id = "fplus-style";
  style.textContent = css;
  document.head.append(style);
}
