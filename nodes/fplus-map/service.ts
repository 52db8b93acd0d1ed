import type { Mapper } from "../../lib/gateway/index.ts";

/** What the dialog asks of a running map. */
export interface MapService {
  readonly mapper: Mapper;
}
