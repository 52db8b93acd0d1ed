/** What the readers of an endpoint count, since it was opened. */
export interface ReadingCounters {
  /** Values received. */
  changes: number;
  /** Values before which the server dropped others, by its Overflow bit. */
  overflows: number;
  /** Messages of subscriptions that were sent, did not arrive and could not be had again. */
  missedMessages: number;
  /** Values that the server sent again unchanged, and that were dropped. */
  repeatedValues: number;
  /** Messages that came twice, and those asked for again after a lost link. */
  repeatedMessages: number;
  republishedMessages: number;
  /** Subscriptions that the server had given up, and that were made anew. */
  lostSubscriptions: number;
  /** Notifications that could not be read. */
  malformed: number;
  /** Messages acknowledged though nobody had stored them in time. */
  unstored: number;
  /** Values that nobody took while the node was away. */
  untaken: number;
  /** Structures handed on as base64, because their type is not known. */
  undecoded: number;
}

/** All at zero. */
export function noReadings(): ReadingCounters {
  return {
    changes: 0,
    overflows: 0,
    missedMessages: 0,
    repeatedValues: 0,
    repeatedMessages: 0,
    republishedMessages: 0,
    lostSubscriptions: 0,
    malformed: 0,
    unstored: 0,
    untaken: 0,
    undecoded: 0,
  };
}
