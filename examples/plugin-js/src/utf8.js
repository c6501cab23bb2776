// Text and bytes: QuickJS has no TextEncoder and no TextDecoder. `escape` and `unescape` are native, so that an
// instance, which lives for one call, interprets little.

export function encode(text) {
  const units = unescape(encodeURIComponent(text)); // one character per byte of UTF-8
  const bytes = new Uint8Array(units.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = units.charCodeAt(at);
  return bytes;
}

// Bytes that are no UTF-8, or too many, are no answer that anybody could read: they give the empty text.
export function decode(bytes) {
  try {
    return decodeURIComponent(escape(String.fromCharCode(...bytes)));
  } catch {
    return "";
  }
}
