// `vend-error` of the contract. It is thrown: `result<…, vend-error>` returns the one and throws the other.

export const failed = (kind, code, message, retryAfterMs = null) => ({ kind, code, message, retryAfterMs });
