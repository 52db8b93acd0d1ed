/** A request of a dialog that failed; refusals carry their reason as `text`. */
export type Failure = Pick<JQuery.jqXHR<{ readonly text?: string }>, "responseJSON">;

/** What a dialog says where there is no answer at all. */
export const NO_ANSWER = "Node-RED did not answer.";

/** Why a dialog got no answer, as a sentence to show. */
export function reasonOf(failure: Failure): string {
  return failure.responseJSON?.text ?? NO_ANSWER;
}
