// The host's clock.

import { nowMs } from "pangolin:vending/clock@1.0.0";

export const now = () => Number(nowMs());
