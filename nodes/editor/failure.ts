/** A request of a dialog that failed; refusals carry their reason as `text`. */
export type Failure = Pick<JQuery.jqXHR<{ readonly text?: string }>, "responseJSON">;

/** Why a dialog got no answer, as a sentence to show. */
export function reasonOf(failure: Failure): string {
  return failure.responseJSON?.text ?? "Node-RED did not answer.";
}
